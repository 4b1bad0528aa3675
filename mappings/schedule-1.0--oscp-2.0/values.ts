// What every answer of this dialect says, and all it can say.
import { drop, toLegacy, via } from '#mapping'
import { acknowledgement } from '../oscp-1.0--oscp-2.0/values.ts'

export const result = [
  via('Result', 'verdict', acknowledgement),
  toLegacy(drop('refused[]', 'A request is about one station, so Result says which was refused.')),
  toLegacy(drop('message', 'This dialect has no place for a reason.')),
]
