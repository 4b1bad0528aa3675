/** What a fake does without a script: the least that makes it a party of its role, at the addresses of examples/fake. */
import type { FakeRole } from './script.ts'

export const standardScripts: Readonly<Record<FakeRole, string>> = {
  dso: `
gateway: http://127.0.0.1:8080/oscp/1.0/fake-dso
listen: 127.0.0.1:9001
sends:
  - { every: 15m, forecast: { carries: { CABLE-17: 250 } } }
  - { every: 1m, heartbeat: {} }
`,
  fp: `
gateway: http://127.0.0.1:8081/oscp/cp/2.0
listen: 127.0.0.1:9002
tokens: { theirs: fp-to-gateway, ours: gateway-to-fp }
sends: [ { every: 1m, heartbeat: {} } ]
`,
  csp: `
gateway: http://127.0.0.1:8080/oscp/1.0/fake-csp
listen: 127.0.0.1:9003
sends: [ { every: 1m, heartbeat: {} } ]
`,
  cp: `
gateway: http://127.0.0.1:8081/oscp/fp/2.0
listen: 127.0.0.1:9004
tokens: { theirs: cp-to-gateway, ours: gateway-to-cp }
sends:
  - { handshake: {} }
  - { at: 1s, every: 15m, forecast: { carries: { site-1: 200 } } }
  - { every: 1m, heartbeat: {} }
`,
}
