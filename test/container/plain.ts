/** What is in the plain image, and what its commands do that end by themselves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from './images.ts'
import type { Report } from './report.ts'
import { runToEnd } from './run.ts'

interface Sbom {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly version: string } }
  readonly components: readonly { readonly name: string; readonly group?: string }[]
}

export async function seePlain(report: Report, image: Image, built: Readonly<Record<string, string>>): Promise<void> {
  const { labels, user } = image
  const label = (name: string) => labels[`org.opencontainers.image.${name}`]
  const said = ['version', 'revision', 'created', 'source'].map(label)
  report.expect('labels say version, revision, time and source', said.join() === Object.values(built).join(), said)
  report.expect(
    'labels say title, description and licence',
    ['title', 'description', 'licenses'].every((name) => label(name)),
    labels,
  )
  report.expect('the user is a number other than 0', /^[1-9]\d*:[1-9]\d*$/.test(user), user)

  const inside = (path: string) => join(image.root, image.folder, path)
  const sbom = JSON.parse(readFileSync(inside('sbom.cdx.json'), 'utf8')) as Sbom
  const listed = new Set(sbom.components.map(({ group, name }) => (group ? `${group}/${name}` : name)))
  const there = packagesIn(inside('node_modules'))
  const unlisted = there.filter((name) => !listed.has(name))
  report.expect(
    `sbom.cdx.json lists all ${there.length} packages, and the version`,
    sbom.bomFormat === 'CycloneDX' &&
      unlisted.length === 0 &&
      there.length > 10 &&
      sbom.metadata.component.version === built.VERSION,
    unlisted,
  )
  const { devDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  const development = there.filter((name) => name in devDependencies)
  report.expect('no package of development is in it', development.length === 0, development)
  report.expect('neither sources nor peers are in it', !existsSync(inside('src')) && !existsSync(inside('dist/test')))

  const command = (...args: string[]) => runToEnd(image, [...image.entrypoint, ...args])
  const version = await command('--version')
  report.expect(
    '--version says version and revision',
    version.said === `${built.VERSION} (${built.REVISION})\n`,
    version,
  )
  const check = await command('check')
  report.expect('check exits 0 on a read-only root', check.code === 0, check)
  for (const asked of [['demo'], ['fake', 'dso']]) {
    const refused = await command(...asked)
    report.expect(
      `${asked[0]} is refused in one line that says why, exit 69`,
      refused.code === 69 && /^[^\n]*not part of this image[^\n]*\n$/.test(refused.said),
      refused,
    )
  }
  const health = await runToEnd(image, image.healthcheck)
  report.expect('the health check exits 1 where nothing runs', health.code === 1, health)
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
    )
}
