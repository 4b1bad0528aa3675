/**
 * The second half of `npm run build`, after the compiler: what the sources read beside themselves; and `start` with all that it
 * loads as one script, with the code V8 made of it, instead of a thousand files that are found, read and compiled at each start.
 * Limits: every other command runs from the files of the compiler; nothing of the two is ever loaded into one process, for then a
 * class would be there twice. Another V8 than the one that built ignores the compiled code, and starts slower.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const besides = ['state/redis/scripts', 'ops/console/assets']
const bundle = 'dist/bundle'

for (const folder of besides) cpSync(`src/${folder}`, `dist/src/${folder}`, { recursive: true })
rmSync(bundle, { recursive: true, force: true })
await build({
  entryPoints: ['dist/src/cli/start.js'],
  outfile: `${bundle}/gateway.cjs`,
  // Of scripts V8 keeps compiled code; and importing node:http as a module loads its WebSocket, with all of fetch.
  ...{ bundle: true, format: 'cjs', platform: 'node', target: 'node20', supported: { 'dynamic-import': false } },
  ...{ minifyWhitespace: true, minifySyntax: true, sourcemap: true, legalComments: 'none', logLevel: 'warning' },
  define: {
    ...{ 'import.meta.url': 'bundleUrl', 'import.meta.dirname': '__dirname' },
    // Only the cookies of undici, which nobody here uses, ask for it; that alone would load node's own copy of undici.
    'globalThis.Headers': 'undefined',
  },
  banner: { js: `const bundleUrl = require('node:url').pathToFileURL(__filename).href;` },
  charset: 'ascii',
  plugins: [{ name: 'less to load', setup: lessToLoad }],
})
// Only tagged templates are left as they are: they must be written in ASCII.
if (/[^\0-\x7f]/.test(readFileSync(`${bundle}/gateway.cjs`, 'utf8')))
  throw new Error('the bundle is not ASCII, as its loader takes it to be')
for (const folder of besides) cpSync(`src/${folder}`, join(bundle, folder.replace(/^.*\//, '')), { recursive: true })
cpSync('dist/src/cli/bundle.js', `${bundle}/start.js`)
await keepCompiled()

/** Of libraries what is used, where loading all of it would take a good part of a start. */
function lessToLoad(on) {
  on.onLoad({ filter: /\/dist\/src\/app\/mappings\.js$/ }, mappings)
  on.onLoad({ filter: /\/undici\/index\.js$/ }, client)
  on.onLoad({ filter: /\/mime-db\/db\.json$/ }, mediaTypes)
}

/** The client of undici without fetch, caches and sockets. */
function client({ path }) {
  const contents = `
    exports.Agent = require('./lib/dispatcher/agent.js')
    exports.buildConnector = require('./lib/core/connect.js')`
  return { contents, resolveDir: dirname(path) }
}

/** The media types that Koa is asked for: of text, and a few more. Thousands are registered. */
function mediaTypes({ path }) {
  const others = ['json', 'xml', 'javascript', 'octet-stream', 'x-www-form-urlencoded'].map(
    (name) => `application/${name}`,
  )
  const all = Object.entries(JSON.parse(readFileSync(path, 'utf8')))
  const used = all.filter(([type]) => type.startsWith('text/') || others.includes(type))
  return { contents: JSON.stringify(Object.fromEntries(used)), loader: 'json' }
}

/** What stands in the bundle for the module that finds the mappings in their folder. */
function mappings() {
  const names = readdirSync('dist/mappings').filter((name) => name.includes('--'))
  const imports = names.map((name, i) => `import crossing${i} from '../../mappings/${name}/index.js'`)
  const folders = names.map((name, i) => `{ name: '${name}', module: crossing${i} }`)
  const contents = `${imports.join('\n')}\nexport const shippedMappings = async () => [${folders.join(', ')}]`
  return { contents, resolveDir: 'dist/src/app' }
}

/** Starts the bundle once, as far as it comes without its Redis, and keeps what V8 has compiled by then. */
async function keepCompiled() {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-build-'))
  const file = join(folder, 'gateway.yaml')
  const port = await freePort()
  const config = {
    ...{ log: 'error', drain: { delay: '0s' }, redis: { url: 'redis://127.0.0.1:9' } },
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: `127.0.0.1:${port}` },
    peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9', token: 'build' } },
    links: { link: { legacy: 'dso', modern: 'cpo' } },
  }
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML.
  const { start, compiled } = await import(pathToFileURL(`${bundle}/start.js`).href)
  const ended = start(file)
  const said = (probe) =>
    fetch(`http://127.0.0.1:${port}/${probe}`).then(
      ({ status }) => status,
      () => 0,
    )
  for (
    const deadline = Date.now() + 30_000;
    (await said('startupz')) !== 200 || (await said('readyz')) !== 503;
    await sleep(50)
  )
    if (Date.now() > deadline) throw new Error('the bundle did not start')
  writeFileSync(`${bundle}/gateway.cjs.cache`, compiled())
  process.kill(process.pid, 'SIGTERM')
  await ended
  rmSync(folder, { recursive: true })
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}
