/** The link between `dso` and `cpo` with nothing configured that need not be, of the built gateway. */
import { linkNamed, shippedCrossings } from '../../../dist/src/app.js'
import { loadConfig } from '../../../dist/src/config.js'

export const benchLink = async (role = 'dso') => {
  const other = role === 'dso' ? 'fp' : 'cp'
  const raw = {
    peers: {
      legacy: { role, url: 'http://127.0.0.1/' },
      modern: { role: other, url: 'http://127.0.0.1', token: 'bench' },
    },
    links: { link: { legacy: 'legacy', modern: 'modern' } },
  }
  return linkNamed(
    loadConfig(() => raw, undefined, {}),
    await shippedCrossings(),
    'link',
  )
}
