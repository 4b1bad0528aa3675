/** Identifiers as types of their own, so that a group id can never stand where a request id is meant. */
declare const brand: unique symbol
type Brand<Name extends string> = string & { readonly [brand]: Name }

/** A party in the configuration, legacy or modern. */
export type PeerId = Brand<'peer'>
/** A pairing of one legacy and one modern peer. */
export type LinkId = Brand<'link'>
/** One message's way through the gateway; what a partner quotes when something went wrong. */
export type ExchangeId = Brand<'exchange'>
/** The X-Request-ID or MessageID of one message. */
export type RequestId = Brand<'request'>
