/** The example for Kubernetes is valid as its own types and rules see it, and names only what the gateway and the image have. */
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config.ts'
import { readDocuments, root } from './files.ts'

type Resource = { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string } }
interface Container {
  readonly name: string
  readonly image: string
  readonly restartPolicy?: string
  readonly env: { readonly name: string; readonly value: string }[]
  readonly ports: { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
  readonly securityContext: Record<string, unknown>
  readonly resources: { readonly requests: { memory: string }; readonly limits: { memory: string } }
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } }
}

const documents = readDocuments('deploy/kubernetes/gateway.yaml') as Resource[]
const require = createRequire(import.meta.url)
/** `networking.k8s.io/v1` is a folder of the package; the core group has none. */
const moduleOf = ({ apiVersion }: Resource) => `kubernetes-models/${apiVersion}`

function one<T>(kind: string): T {
  const found = documents.filter((document) => document.kind === kind)
  if (found.length !== 1) throw new Error(`${found.length} of kind ${kind}`)
  return found[0] as T
}

const { spec } = one<{
  spec: { template: { metadata: { labels: object; annotations: Record<string, string> }; spec: Pod } }
}>('Deployment')
interface Pod {
  readonly enableServiceLinks: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: object
  readonly initContainers: Container[]
  readonly volumes: { name: string; secret?: { secretName: string }; configMap?: { name: string } }[]
}
const pod = spec.template.spec
const sidecar = pod.initContainers[0]!
const configMap = one<Resource & { data: Record<string, string> }>('ConfigMap')
const secret = one<Resource & { stringData: Record<string, string> }>('Secret')
const mounted = '/run/secrets/oscp-gateway'

/** The configuration as the gateway of the pod reads it, with the secrets in files here. */
function loadMounted() {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  for (const [name, value] of Object.entries(secret.stringData)) writeFileSync(join(folder, name), value)
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, configMap.data['gateway.yaml']!.replaceAll(mounted, folder))
  return loadConfig(undefined, file, {})
}

describe('The example for Kubernetes', function () {
  this.timeout(60_000)

  for (const document of documents)
    it(`has a ${document.kind} whose values its API takes`, () => {
      const models = require(moduleOf(document)) as Record<string, new (data: unknown) => { validate(): void }>
      const Model = models[document.kind]!
      expect(() => new Model(document).validate()).not.to.throw()
    })

  it('says nothing that the API does not know, where it would be dropped in silence', async () => {
    const checked = async (resources: readonly Resource[]) => {
      const lines = resources.map((document, n) => {
        const type = `import('${join(root, 'node_modules', moduleOf(document), 'index.js')}').I${document.kind}`
        return `export const r${n}: ${type} = ${JSON.stringify(document)}`
      })
      const file = join(mkdtempSync(join(tmpdir(), 'kubernetes-')), 'resources.mts')
      writeFileSync(file, lines.join('\n'))
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const options = [
        '--ignoreConfig',
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--module',
        'nodenext',
        '--types',
        '',
        file,
      ]
      return new Promise<string>((done) =>
        execFile(process.execPath, [tsc, ...options], { cwd: root }, (_, out) => done(out)),
      )
    }
    expect(await checked(documents)).to.equal('')
    const misspelt = JSON.parse(
      JSON.stringify(documents).replaceAll('readOnlyRootFilesystem', 'readonlyRootFilesystem'),
    )
    expect(await checked(misspelt)).to.match(/readonlyRootFilesystem\W+(?:does not exist|.*did you mean)/i)
  })

  it('has a configuration that loads with the secrets it brings, and uses every one of them', () => {
    expect(loadMounted().listen.rest, 'the app is beside it').to.deep.equal({ host: '127.0.0.1', port: 8081 })
    const named = [...configMap.data['gateway.yaml']!.matchAll(/\/run\/secrets\/oscp-gateway\/([\w-]+)/g)]
    expect([...new Set(named.map(([, name]) => name))].sort()).to.deep.equal(Object.keys(secret.stringData).sort())
    const env = Object.fromEntries(sidecar.env.map(({ name, value }) => [name, value]))
    const { config, secrets } = Object.fromEntries(sidecar.volumeMounts.map((mount) => [mount.name, mount]))
    expect(env.OSCP_GW_CONFIG).to.equal(`${config!.mountPath}/gateway.yaml`)
    expect(secrets!.mountPath).to.equal(mounted)
    for (const { name } of sidecar.volumeMounts) expect(pod.volumes.map((volume) => volume.name)).to.include(name)
    expect(pod.volumes.find(({ secret: volume }) => volume)!.secret!.secretName).to.equal(secret.metadata.name)
    expect(pod.volumes.find(({ configMap: volume }) => volume)!.configMap!.name).to.equal(configMap.metadata.name)
  })

  it('sets only variables that the gateway or Node knows', () => {
    const others = sidecar.env.map(({ name }) => name).filter((name) => !name.startsWith('OSCP_GW_'))
    expect(others).to.deep.equal(['NODE_OPTIONS'])
    const given = Object.fromEntries(
      sidecar.env.filter(({ name }) => name !== 'OSCP_GW_CONFIG').map(({ name, value }) => [name, value]),
    )
    expect(() => loadConfig(() => ({ peers: {}, links: {} }), undefined, given)).not.to.throw()
  })

  it('asks probes that exist, on the port where they are answered, and lets others reach what listens', () => {
    const { listen } = loadMounted()
    const ports = Object.fromEntries(sidecar.ports.map(({ name, containerPort }) => [name, containerPort]))
    expect(ports).to.deep.equal({ soap: listen.soap.port, admin: listen.admin.port })
    const paths = { startupProbe: '/startupz', livenessProbe: '/livez', readinessProbe: '/readyz' } as const
    for (const [probe, path] of Object.entries(paths))
      expect(sidecar[probe as 'startupProbe']?.httpGet).to.deep.equal({ path, port: 'admin' })
    const { annotations, labels } = spec.template.metadata
    expect(annotations['prometheus.io/port']).to.equal(`${listen.admin.port}`)
    for (const kind of ['NetworkPolicy', 'Service', 'PodDisruptionBudget'])
      expect(JSON.stringify(one(kind))).to.include(JSON.stringify(labels).slice(1, -1))
    const policy = JSON.stringify(one('NetworkPolicy'))
    for (const port of ['soap', 'admin', new URL(loadMounted().redis!.url!).port])
      expect(policy).to.match(new RegExp(`"port":"?${port}"?[,}]`))
  })

  it('is a native sidecar with the least rights, that has the time and the memory it needs', () => {
    expect(sidecar.restartPolicy).to.equal('Always')
    expect(pod.enableServiceLinks).to.equal(false)
    expect(pod.securityContext).to.include({ runAsNonRoot: true, runAsUser: 1000 })
    expect(sidecar.securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const { drain, sidecarOf } = loadMounted()
    expect(sidecarOf).to.equal('rest')
    expect(pod.terminationGracePeriodSeconds * 1000 - drain.total).to.be.within(1000, 5000)
    const heap = Number(/--max-old-space-size=(\d+)/.exec(JSON.stringify(sidecar.env))![1])
    expect(heap).to.be.below(Number.parseInt(sidecar.resources.limits.memory, 10))
  })
})
