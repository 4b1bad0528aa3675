/**
 * Reads XML Schema into the contract model from an allow-list of constructs; whatever it cannot honour it names.
 * Limits: sequence and all, named and anonymous types, refs, attributes, complexContent extension, simpleContent is
 * refused; choice, any, union, list, substitution groups, recursion and mixed content are refused by name.
 */
import type { XmlElement } from '../xml.ts'
import type { Complex, Field, Finding, Scalar } from './model.ts'

export const xsd = 'http://www.w3.org/2001/XMLSchema'

const builtIns: Record<string, Omit<Scalar, 'kind'>> = {
  string: { type: 'text' },
  normalizedString: { type: 'text' },
  token: { type: 'text', collapse: true },
  anyURI: { type: 'text', collapse: true },
  NMTOKEN: { type: 'text', collapse: true },
  ID: { type: 'text', collapse: true },
  language: { type: 'text', collapse: true },
  boolean: { type: 'boolean', collapse: true },
  decimal: { type: 'decimal', collapse: true },
  double: { type: 'decimal', collapse: true, exponent: true },
  float: { type: 'decimal', collapse: true, exponent: true },
  integer: { type: 'integer', collapse: true },
  long: { type: 'integer', collapse: true },
  int: { type: 'integer', collapse: true, min: -2147483648, max: 2147483647 },
  short: { type: 'integer', collapse: true, min: -32768, max: 32767 },
  byte: { type: 'integer', collapse: true, min: -128, max: 127 },
  nonPositiveInteger: { type: 'integer', collapse: true, max: 0 },
  negativeInteger: { type: 'integer', collapse: true, max: -1 },
  nonNegativeInteger: { type: 'integer', collapse: true, min: 0 },
  positiveInteger: { type: 'integer', collapse: true, min: 1 },
  unsignedLong: { type: 'integer', collapse: true, min: 0 },
  unsignedInt: { type: 'integer', collapse: true, min: 0, max: 4294967295 },
  unsignedShort: { type: 'integer', collapse: true, min: 0, max: 65535 },
  unsignedByte: { type: 'integer', collapse: true, min: 0, max: 255 },
  dateTime: { type: 'instant', collapse: true },
}

/** All schemas of one WSDL, searched by qualified name. Problems are added to `findings`, never thrown. */
export class SchemaSet {
  private readonly elements = new Map<string, { node: XmlElement; schema: XmlElement }>()
  private readonly types = new Map<string, { node: XmlElement; schema: XmlElement }>()
  private readonly attributes = new Map<string, { node: XmlElement; schema: XmlElement }>()
  private readonly open = new Set<string>()
  private readonly file: string
  private readonly findings: Finding[]

  constructor(file: string, findings: Finding[]) {
    this.file = file
    this.findings = findings
  }

  /** Adds one xs:schema. `chameleon` is the including schema's namespace for an included one that has none. */
  add(schema: XmlElement, chameleon = ''): void {
    const target = schema.attributes.get('targetNamespace') ?? chameleon
    const home = { ...schema, attributes: new Map(schema.attributes).set('targetNamespace', target) }
    for (const node of schema.children) {
      const name = `{${target}}${node.attributes.get('name')}`
      if (node.local === 'element') this.elements.set(name, { node, schema: home })
      else if (node.local === 'complexType' || node.local === 'simpleType') this.types.set(name, { node, schema: home })
      else if (node.local === 'attribute') this.attributes.set(name, { node, schema: home })
      else if (!['import', 'include', 'annotation'].includes(node.local)) this.refuse(node.local, name)
    }
  }

  /** A global element as a field, or undefined with a finding. */
  element(uri: string, local: string): Field | undefined {
    const found = this.elements.get(`{${uri}}${local}`)
    if (!found) {
      this.report(`element ${local}`, `is not declared in namespace "${uri}"`)
      return undefined
    }
    return this.field(found.node, found.schema, uri)
  }

  private field(node: XmlElement, schema: XmlElement, uri: string): Field {
    const name = node.attributes.get('name') ?? ''
    for (const unsupported of ['substitutionGroup', 'abstract', 'default', 'fixed'])
      if (node.attributes.has(unsupported)) this.refuse(`attribute ${unsupported}`, name)
    return {
      name,
      uri,
      min: Number(node.attributes.get('minOccurs') ?? 1),
      max: occurs(node.attributes.get('maxOccurs')),
      nillable: isTrue(node.attributes.get('nillable')),
      attribute: false,
      doc: documentation(node),
      type: this.typeOf(node, schema, name),
    }
  }

  private typeOf(node: XmlElement, schema: XmlElement, owner: string): Scalar | Complex {
    const reference = node.attributes.get('type')
    if (reference !== undefined) return this.named(node, reference, owner)
    const inline = node.children.find((c) => c.local === 'complexType' || c.local === 'simpleType')
    if (!inline) {
      this.report(owner, 'has no type; anyType is not supported')
      return text
    }
    return inline.local === 'simpleType' ? this.simple(inline, owner) : this.complex(inline, schema, owner)
  }

  /** `extended`: its fields become those of another type, so that it may be abstract. */
  private named(node: XmlElement, reference: string, owner: string, extended = false): Scalar | Complex {
    const { uri, local } = resolve(node, reference)
    if (uri === xsd) {
      const known = builtIns[local]
      if (!known) this.report(owner, `has the type xs:${local}, which is not supported`)
      return { kind: 'scalar', ...(known ?? text) }
    }
    const key = `{${uri}}${local}`
    const found = this.types.get(key)
    if (!found) {
      this.report(owner, `refers to the type ${local}, which is not declared in namespace "${uri}"`)
      return text
    }
    if (found.node.local === 'simpleType') return this.simple(found.node, local)
    if (this.open.has(key)) {
      this.report(owner, `is recursive through ${local}, which is not supported`)
      return text
    }
    if (!extended && isTrue(found.node.attributes.get('abstract'))) this.refuse('an abstract type', local)
    this.open.add(key)
    const type = this.complex(found.node, found.schema, local)
    this.open.delete(key)
    return type
  }

  private complex(node: XmlElement, schema: XmlElement, name: string): Complex {
    if (isTrue(node.attributes.get('mixed'))) this.refuse('mixed content', name)
    const fields: Field[] = []
    for (const part of node.children) {
      if (part.local === 'annotation') continue
      if (part.local === 'sequence' || part.local === 'all') fields.push(...this.particles(part, schema, name))
      else if (part.local === 'attribute') this.attribute(part, schema, name, fields)
      else if (part.local === 'complexContent') fields.push(...this.extension(part, schema, name))
      else this.refuse(part.local, name)
    }
    for (const field of fields)
      if (fields.find((f) => f.name === field.name) !== field)
        this.report(name, `has two elements or attributes called ${field.name}, which is not supported`)
    return { kind: 'complex', name, fields }
  }

  private particles(group: XmlElement, schema: XmlElement, owner: string): Field[] {
    if (group.attributes.has('minOccurs') || group.attributes.has('maxOccurs'))
      this.refuse(`a repeated or optional ${group.local}`, owner)
    const fields: Field[] = []
    const qualified = schema.attributes.get('elementFormDefault') === 'qualified'
    for (const node of group.children) {
      if (node.local === 'annotation') continue
      if (node.local === 'sequence') fields.push(...this.particles(node, schema, owner))
      else if (node.local !== 'element') this.refuse(node.local, owner)
      else if (node.attributes.has('ref')) {
        const { uri, local } = resolve(node, node.attributes.get('ref')!)
        const target = this.element(uri, local)
        const min = Number(node.attributes.get('minOccurs') ?? 1)
        if (target) fields.push({ ...target, min, max: occurs(node.attributes.get('maxOccurs')) })
      } else {
        const form = node.attributes.get('form') ?? (qualified ? 'qualified' : 'unqualified')
        fields.push(this.field(node, schema, form === 'qualified' ? schema.attributes.get('targetNamespace')! : ''))
      }
    }
    return fields
  }

  private attribute(node: XmlElement, schema: XmlElement, owner: string, into: Field[]): void {
    const use = node.attributes.get('use') ?? 'optional'
    if (use === 'prohibited') return
    let definition = node
    const reference = node.attributes.get('ref')
    if (reference !== undefined) {
      const { uri, local } = resolve(node, reference)
      const found = this.attributes.get(`{${uri}}${local}`)
      if (!found) return this.refuse(`attribute ${reference}`, owner)
      definition = found.node
    }
    const name = definition.attributes.get('name') ?? ''
    const type = this.typeOf(definition, schema, `${owner}@${name}`)
    const qualified =
      (definition.attributes.get('form') ?? schema.attributes.get('attributeFormDefault')) === 'qualified'
    const uri = qualified || reference ? (schema.attributes.get('targetNamespace') ?? '') : ''
    const min = use === 'required' ? 1 : 0
    into.push({ name, uri, min, max: 1, nillable: false, attribute: true, doc: documentation(definition), type })
  }

  private extension(content: XmlElement, schema: XmlElement, owner: string): Field[] {
    const extension = content.children.find((c) => c.local === 'extension')
    if (!extension) {
      this.refuse('complexContent restriction', owner)
      return []
    }
    const base = this.named(extension, extension.attributes.get('base') ?? '', owner, true)
    const own = this.complex(extension, schema, owner)
    return [...(base.kind === 'complex' ? base.fields : []), ...own.fields]
  }

  private simple(node: XmlElement, name: string): Scalar {
    const restriction = node.children.find((c) => c.local === 'restriction')
    if (!restriction) {
      this.refuse(node.children.find((c) => c.local !== 'annotation')?.local ?? 'an empty simpleType', name)
      return text
    }
    const reference = restriction.attributes.get('base')
    const inline = restriction.children.find((c) => c.local === 'simpleType')
    const base = inline ? this.simple(inline, name) : this.named(restriction, reference ?? '', name)
    if (base.kind === 'complex') {
      this.report(name, 'restricts a complex type, which is not supported')
      return text
    }
    return this.facets(restriction, { ...base, name })
  }

  private facets(restriction: XmlElement, base: Scalar): Scalar {
    const values: string[] = []
    const facets: { -readonly [K in keyof Scalar]?: Scalar[K] } = {}
    for (const facet of restriction.children) {
      const value = facet.attributes.get('value') ?? ''
      if (facet.local === 'enumeration') values.push(value)
      else if (facet.local === 'minLength') facets.minLength = Number(value)
      else if (facet.local === 'maxLength') facets.maxLength = Number(value)
      else if (facet.local === 'length') facets.minLength = facets.maxLength = Number(value)
      else if (facet.local === 'minInclusive') facets.min = Number(value)
      else if (facet.local === 'maxInclusive') facets.max = Number(value)
      else if (facet.local === 'minExclusive') facets.exclusiveMin = Number(value)
      else if (facet.local === 'maxExclusive') facets.exclusiveMax = Number(value)
      else if (facet.local === 'totalDigits') facets.totalDigits = Number(value)
      else if (facet.local === 'fractionDigits') facets.fractionDigits = Number(value)
      else if (facet.local === 'pattern') facets.pattern = this.pattern(value, base.name ?? '')
      else if (facet.local === 'whiteSpace') facets.collapse = value === 'collapse'
      else if (!['annotation', 'simpleType'].includes(facet.local)) this.refuse(facet.local, base.name ?? '')
    }
    return { ...base, ...facets, ...(values.length > 0 ? { values } : {}) }
  }

  private pattern(value: string, owner: string): string {
    try {
      new RegExp(`^(?:${value})$`, 'u')
    } catch {
      this.refuse('this pattern', owner)
    }
    return value
  }

  private refuse(construct: string, owner: string): void {
    this.report(owner, `uses ${construct}, which is not supported`)
  }

  private report(rule: string, sentence: string): void {
    this.findings.push({ file: this.file, rule, sentence })
  }
}

const text: Scalar = { kind: 'scalar', type: 'text' }

const isTrue = (value: string | undefined): boolean => value === 'true' || value === '1'

const occurs = (value: string | undefined): number =>
  value === 'unbounded' ? Number.POSITIVE_INFINITY : Number(value ?? 1)

/** A prefixed name in attribute content, by the bindings in force at that element. */
export function resolve(node: XmlElement, qualified: string): { uri: string; local: string } {
  const [prefix, local] = qualified.includes(':') ? (qualified.split(':', 2) as [string, string]) : ['', qualified]
  return { uri: node.scope.get(prefix) ?? '', local }
}

/** The plain text of xs:annotation/xs:documentation or wsdl:documentation, blanks folded. */
export function documentation(node: XmlElement): string {
  const holder = node.children.find((c) => c.local === 'annotation') ?? node
  const found = holder.children.find((c) => c.local === 'documentation')
  return (found?.text ?? '').replace(/\s+/g, ' ').trim()
}
