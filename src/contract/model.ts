/**
 * What each end of the gateway speaks, in one neutral model: a contract has messages, a message has typed fields.
 * WSDL with XSD, and zod schemas, are both read into it, so that mapping and accounting see one kind of thing.
 */

export type ScalarType = 'text' | 'decimal' | 'integer' | 'boolean' | 'instant'

/** One value. On the SOAP wire it is text of this lexical type; on the JSON wire a number, boolean or string. */
export interface Scalar {
  readonly kind: 'scalar'
  readonly type: ScalarType
  readonly name?: string
  /** The closed set of values, when there is one. */
  readonly values?: readonly string[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly min?: number
  readonly max?: number
  readonly exclusiveMin?: number
  readonly exclusiveMax?: number
  readonly totalDigits?: number
  readonly fractionDigits?: number
  /** xs:double and xs:float: a decimal that may have an exponent on the 1.0 wire. */
  readonly exponent?: boolean
  /** XSD whiteSpace=collapse: blanks around the value do not belong to it. */
  readonly collapse?: boolean
}

export interface Complex {
  readonly kind: 'complex'
  readonly name: string
  readonly fields: readonly Field[]
  /** Unknown members are ignored (JSON) instead of refused (SOAP). */
  readonly open?: boolean
}

export interface Field {
  readonly name: string
  readonly min: number
  /** `Infinity` for unbounded; above 1 the value is a list, also when one item came. */
  readonly max: number
  /** A list that is there also when it has no items: JSON tells `[]` from absent, XML does not. */
  readonly always?: true
  readonly type: Scalar | Complex
  /** XML namespace of the element, '' for none; meaningless on the JSON wire. */
  readonly uri: string
  readonly nillable: boolean
  readonly attribute: boolean
  readonly doc: string
}

export interface Message {
  readonly name: string
  readonly type: Complex
  /** The XML element that carries it. */
  readonly uri: string
  readonly doc: string
  /** Reads a peer's JSON into exactly this type; throws GatewayError. Messages of the JSON wire have it. */
  readonly accept?: (json: unknown) => Record<string, unknown>
}

/** One SOAP operation: what is called, what it answers, what headers name the caller. */
export interface Operation {
  readonly name: string
  readonly service: string
  readonly soapAction: string
  /** WS-Addressing actions of request and response. */
  readonly inputAction: string
  readonly outputAction: string
  readonly input: Message
  readonly output: Message
  readonly headers: readonly Field[]
  readonly doc: string
}

/** The two parties of OSCP 1.0: the grid operator, and the charge spot operator. */
export type LegacyRole = 'dso' | 'csp'

export interface Service {
  readonly name: string
  readonly uri: string
  readonly doc: string
  /** What its file says of itself as a whole, such as that it is a reconstruction. */
  readonly notice: string
  readonly operations: readonly Operation[]
  /** SOAP versions it has ports for. */
  readonly soapVersions: readonly ('1.1' | '1.2')[]
  /** The legacy party that hosts it. */
  readonly host: LegacyRole
  /** The SOAP header that names the operator, when the contract has one. */
  readonly identity?: string | undefined
  /** The file it was read from, published as received except for its addresses. */
  readonly file: string
  /** That file and all that it imports and includes. */
  readonly files: readonly string[]
}

export interface Contract {
  readonly id: string
  readonly wire: 'soap' | 'json'
  readonly title: string
  readonly messages: ReadonlyMap<string, Message>
  /** Of the JSON wire only. */
  readonly json?: JsonContract
  /** Names of messages that never are on a wire. */
  readonly internal: ReadonlySet<string>
  readonly services: readonly Service[]
}

/** What a JSON contract does with a message of a name that it has. */
export interface JsonContract {
  /** What members are called, anywhere in its messages. */
  readonly names: ReadonlySet<string>
  /** The message in the contract's own form, known fields only. Throws `invalid-message` with the path of each problem. */
  accept(name: string, json: unknown): Record<string, unknown>
  /** The message as JSON text; for values that `accept` or the mapping engine made. */
  print(name: string, value: Record<string, unknown>): string
  /** Its JSON Schema (2020-12). */
  schema(name: string): Record<string, unknown>
}

/** Every field of a message with its path: `block[].startTime`, outer fields before inner ones. */
export function* fieldPaths(type: Complex, prefix = ''): Generator<{ path: string; field: Field }> {
  for (const field of type.fields) {
    const path = `${prefix}${field.name}${field.max > 1 ? '[]' : ''}`
    yield { path, field }
    if (field.type.kind === 'complex') yield* fieldPaths(field.type, `${path}.`)
  }
}

/** One sentence for a contract file that cannot be honoured; all of a start-up's findings are printed together. */
export interface Finding {
  readonly file: string
  readonly rule: string
  readonly sentence: string
}

/** Thrown when start-up input (contract, mapping, configuration) is not usable: exit code 78. */
export class FindingsError extends Error {
  readonly findings: readonly Finding[]
  override readonly name = 'FindingsError'

  constructor(findings: readonly Finding[]) {
    super(findings.map((f) => `${f.file}: ${f.rule}: ${f.sentence}`).join('\n'))
    this.findings = findings
  }
}
