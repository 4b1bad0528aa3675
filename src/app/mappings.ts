/** The mappings that ship, from the folder beside the sources; in the bundle another module stands here that has them inside. */
import { join } from 'node:path'
import { type MappingFolder, mappingFolders } from '../mapping/crossings.ts'

export const shippedMappings = (): Promise<MappingFolder[]> =>
  mappingFolders(join(import.meta.dirname, '../../mappings'))
