/**
 * Runs a command of an image as a container does: its root mounted read-only, /tmp in memory, a process table of its own in which the command is
 * number 1, the image's numeric user, and nothing of this machine's environment. Limits: root on Linux; the network is this machine's.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Image } from './images.ts'

export interface Running {
  readonly child: ChildProcess
  /** All that it wrote on both outputs so far. */
  said(): string
  /** Its process as this machine numbers it. */
  pid(): number
  /** Resolves with the exit code. */
  ended: Promise<number>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Files of this machine that are mounted read-only: path in the container → path here. */
  readonly mounts?: Readonly<Record<string, string>>
  /** Folder of a cgroup that it is put into. */
  readonly cgroup?: string
}

/** Positional parameters: root, user, folder, cgroup or nothing, how many mounts, the mounts, and what to run. */
const enter = `set -eu
root=$1 user=$2 folder=$3 cgroup=$4 mounts=$5; shift 5
[ -z "$cgroup" ] || echo $$ > "$cgroup/cgroup.procs"
mount --bind "$root" "$root"
while [ "$mounts" -gt 0 ]; do [ -e "$root$1" ] || : > "$root$1"; mount --bind -o ro "$2" "$root$1"; shift 2; mounts=$((mounts - 1)); done
mount -o remount,bind,ro "$root"
mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cd "$root$folder"
exec /usr/sbin/chroot --userspec="$user" "$root" /usr/bin/env -C "$folder" "$@"`

export function run(image: Image, command: readonly string[], options: RunOptions = {}): Running {
  const mounts = Object.entries(options.mounts ?? {}).flat()
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      enter,
      'enter',
      image.root,
      image.user,
      image.folder,
      options.cgroup ?? '',
      `${mounts.length / 2}`,
      ...mounts,
      ...command,
    ],
    { env: { ...image.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)))
  const pid = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0])
  return { child, said: () => said, pid, ended }
}

/** Resolves with exit code and output of a command that ends by itself within a minute. */
export async function runToEnd(image: Image, command: readonly string[], options: RunOptions = {}) {
  const running = run(image, command, options)
  const patience = AbortSignal.timeout(60_000)
  patience.addEventListener('abort', () => running.child.kill('SIGKILL'))
  const code = await running.ended
  return { code, said: running.said() }
}

/** Looks every 100 ms; throws when it has not come true within 30 s. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; await delay(100)) if (await condition()) return
  throw new Error(`within 30 s it was not so: ${what}`)
}
