/** How a listener ends: whoever is being served gets his answer, and nobody's open connection is waited for. */
import { once } from 'node:events'
import { Agent, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { type Listener, listen } from '../../src/http/listen.ts'

describe('A listener that closes', () => {
  /** Far beyond what a test may take: whoever waits for it fails. */
  const never = 3600_000
  let listener: Listener
  let agent: Agent
  let arrived: (response: ServerResponse) => void
  beforeEach(async () => {
    listener = await listen((_, response) => arrived(response), '127.0.0.1', 0)
    agent = new Agent({ keepAlive: true })
  })
  afterEach(async () => {
    agent.destroy()
    await listener.close(0)
  })

  /** Sends a request on a connection that is kept, and gives it with the response that the listener holds. */
  async function running() {
    const call = request({ host: '127.0.0.1', port: listener.port, agent })
    const here = new Promise<ServerResponse>((resolve) => {
      arrived = resolve
    })
    call.end()
    return { call, response: await here }
  }

  it('tells who is still being served that the connection ends, and waits for no more than the answer', async () => {
    const { call, response } = await running()
    const closed = listener.close(never)
    response.end('late')
    const [answer] = await once(call, 'response')
    expect(answer.headers.connection).to.equal('close')
    expect(await text(answer)).to.equal('late')
    await closed
  })

  it('does not wait for the connection of one whose answer had begun', async () => {
    const { call, response } = await running()
    response.write('be')
    const [answer] = await once(call, 'response')
    const closed = listener.close(never)
    response.end('gun')
    expect(await text(answer)).to.equal('begun')
    await closed
  })

  it('does not wait for connections on which nothing was ever said', async () => {
    const socket = connect(listener.port, '127.0.0.1')
    await once(socket, 'connect')
    // The connection is known to the listener once a later one was served.
    const { call, response } = await running()
    response.end()
    const [answer] = await once(call, 'response')
    await text(answer)
    await listener.close(never)
    socket.destroy()
  })

  it('cuts what is not answered in time', async () => {
    const { call } = await running()
    const failed = once(call, 'error')
    await listener.close(1)
    expect((await failed)[0]).to.have.property('code', 'ECONNRESET')
  })
})
