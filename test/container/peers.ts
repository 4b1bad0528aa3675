/** What the image with the simulated peers is for. */
import type { Image } from './images.ts'
import type { Report } from './report.ts'
import { runToEnd } from './run.ts'

export async function seePeers(report: Report, image: Image): Promise<void> {
  const demo = await runToEnd(image, [...image.entrypoint, 'demo'])
  report.expect(
    'demo carries a forecast in the image with peers, exit 0',
    demo.code === 0 && demo.said.includes('FEEDER-0815'),
    demo,
  )
}
