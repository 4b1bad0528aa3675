/** What became of one item of a message that was translated, as tools, mapping pages and golden files write it. */
import type { Receipt } from './run.ts'

/** `item` is what the source calls it, '' where the message is not split; paths are of the source wire. */
export type Outcome =
  | {
      readonly outcome: 'translated'
      readonly item: string
      readonly receipt: Receipt
      readonly kept?: Readonly<Record<string, unknown>>
    }
  | { readonly outcome: 'refused'; readonly item: string; readonly path: string; readonly reason: string }
  | {
      readonly outcome: 'held'
      readonly item: string
      readonly path: string
      readonly flow: string
      readonly reason: string
      readonly receipt: Receipt
      readonly kept?: Readonly<Record<string, unknown>>
    }
