/** Runs the peers written in Python: each is a process that is told what to do by lines of JSON. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface PythonReceived {
  readonly method: string
  readonly name: string
  readonly headers: Record<string, string>
  readonly body?: Record<string, unknown>
  readonly status: number
}

export interface PythonState {
  readonly online: boolean
  readonly theirs: { readonly token: string; readonly url: string } | null
  readonly received: PythonReceived[]
}

export type PythonPeer = Awaited<ReturnType<typeof startPython>>

/** Needs python3 on the path; fails by name when it is missing. */
export async function startPython(role: 'cp' | 'fp') {
  const script = fileURLToPath(new URL(`./python/${role}.py`, import.meta.url))
  const child = spawn('python3', ['-B', script], { stdio: ['pipe', 'pipe', 'pipe'] })
  const errors: string[] = []
  child.stderr.on('data', (chunk) => errors.push(String(chunk)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const gone = once(child, 'close')
  gone.catch(() => undefined)

  async function answer<T>(): Promise<T> {
    const { value, done } = await Promise.race([lines.next(), gone.then(() => ({ value: '', done: true }))])
    if (done) throw new Error(`the Python peer ended:\n${errors.join('')}`)
    return JSON.parse(value as string) as T
  }

  const { url } = await answer<{ url: string }>()
  let turn: Promise<unknown> = Promise.resolve()
  /** One order at a time: its answer is the next line. */
  function tell<T = { status: number; body: string }>(what: string, more: object = {}): Promise<T> {
    const told = turn.then(() => {
      child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`)
      return answer<T>()
    })
    turn = told.catch(() => undefined)
    return told
  }

  return {
    url,
    tell,
    issue: () => tell<string>('issue'),
    state: () => tell<PythonState>('state'),
    async stop(): Promise<void> {
      child.stdin.end()
      child.kill()
      await gone
    },
  }
}
