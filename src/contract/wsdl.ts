/**
 * Reads a WSDL 1.1 file into services of the contract model; what it cannot honour is reported, never ignored.
 * Limits: document/literal, bare or wrapped; SOAP 1.1 and 1.2 over HTTP; imports and includes inside the file's folder.
 */
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve as resolvePath } from 'node:path'
import { decodeDocument } from '../charset.ts'
import { readXmlTree, type XmlElement } from '../xml.ts'
import { isInside } from './inside.ts'
import {
  type Complex,
  type Field,
  type Finding,
  FindingsError,
  type LegacyRole,
  type Message,
  type Operation,
  type Service,
} from './model.ts'
import { documentation, resolve, SchemaSet } from './xsd.ts'

const soap11 = 'http://schemas.xmlsoap.org/wsdl/soap/'
const soap12 = 'http://schemas.xmlsoap.org/wsdl/soap12/'
const addressing = ['http://www.w3.org/2006/05/addressing/wsdl', 'http://www.w3.org/2007/05/addressing/metadata']

/**
 * Reads the services of one WSDL file, or the one called `only`. Throws FindingsError with everything that is not supported
 * in it; what belongs to other services alone is not looked at.
 */
export function readWsdl(path: string, host: LegacyRole, name = path, only?: string): Service[] {
  const findings: Finding[] = []
  try {
    const services = new WsdlReader(path, name, findings).services(only).map((service) => ({ ...service, host }))
    if (findings.length === 0) return services
  } catch (cause) {
    findings.push({ file: name, rule: 'wsdl', sentence: cause instanceof Error ? cause.message : String(cause) })
  }
  throw new FindingsError(findings)
}

class WsdlReader {
  private readonly documents: XmlElement[] = []
  private readonly schemas: SchemaSet
  private readonly seen = new Set<string>()
  private readonly root: XmlElement
  private readonly path: string
  private readonly name: string
  private readonly findings: Finding[]

  constructor(path: string, name: string, findings: Finding[]) {
    this.path = resolvePath(path)
    this.name = name
    this.findings = findings
    this.schemas = new SchemaSet(name, findings)
    this.root = this.load(this.path)
  }

  services(only: string | undefined): Omit<Service, 'host'>[] {
    const all = this.documents.flatMap((d) => d.children).filter((node) => node.local === 'service')
    const names = all.map((node) => node.attributes.get('name') ?? '')
    const wanted = all.filter((_, i) => only === undefined || names[i] === only)
    if (wanted.length === 0)
      this.report('wsdl', only === undefined ? 'has no service' : `has no service ${only}, but ${names.join(', ')}`)
    return wanted.map((node) => this.service(node))
  }

  private load(path: string): XmlElement {
    this.seen.add(path)
    const root = this.parse(path)
    if (root.local === 'schema') this.schema(root, path, '')
    else {
      if (root.local !== 'definitions') this.report('wsdl', `is a ${root.local}, not WSDL 1.1`)
      this.documents.push(root)
      for (const node of root.children) {
        if (node.local === 'import') this.follow(node.attributes.get('location'), path)
        if (node.local === 'types') for (const s of node.children) if (s.local === 'schema') this.schema(s, path, '')
      }
    }
    return root
  }

  private schema(schema: XmlElement, path: string, chameleon: string): void {
    this.schemas.add(schema, chameleon)
    const target = schema.attributes.get('targetNamespace') ?? chameleon
    for (const node of schema.children) {
      const location = node.attributes.get('schemaLocation')
      if (node.local === 'import' && location) this.follow(location, path)
      if (node.local === 'include') this.follow(location, path, target)
    }
  }

  private follow(location: string | undefined, from: string, chameleon = ''): void {
    const file = resolvePath(dirname(from), location ?? '')
    if (!location || /^[a-z]+:\/\//i.test(location) || !isInside(dirname(resolvePath(this.path)), file))
      return this.report('import', `"${location ?? ''}" is not a file in the folder of this WSDL`)
    if (this.seen.has(file)) return
    this.seen.add(file)
    const root = this.parse(file)
    if (root.local === 'schema') this.schema(root, file, chameleon)
    else this.load(file)
  }

  private parse(file: string): XmlElement {
    try {
      return readXmlTree(decodeDocument(readFileSync(file), undefined))
    } catch (cause) {
      throw new Error(`${basename(file)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }

  private service(node: XmlElement): Omit<Service, 'host'> {
    const name = node.attributes.get('name') ?? ''
    const operations = new Map<string, Operation>()
    const versions = new Set<'1.1' | '1.2'>()
    let uri = ''
    for (const port of node.children.filter((c) => c.local === 'port')) {
      const binding = this.find('binding', port, port.attributes.get('binding') ?? '')
      const kind = binding?.children.find((c) => c.local === 'binding' && (c.uri === soap11 || c.uri === soap12))
      if (!binding || !kind) continue // an HTTP or MIME port is no SOAP port
      versions.add(kind.uri === soap11 ? '1.1' : '1.2')
      const portType = this.find('portType', binding, binding.attributes.get('type') ?? '')
      uri = resolve(binding, binding.attributes.get('type') ?? '').uri
      for (const bound of binding.children.filter((c) => c.local === 'operation')) {
        const operation = portType && this.operation(name, bound, portType, kind)
        if (operation && !operations.has(operation.name)) operations.set(operation.name, operation)
      }
    }
    if (operations.size === 0) this.report(`service ${name}`, 'has no SOAP operation')
    const elements = new Map<string, string>()
    for (const { name: operation, input } of operations.values()) {
      const other = elements.get(input.name)
      elements.set(input.name, operation)
      // The body's element is all that tells which operation is called: an action may be missing.
      if (other) this.report(`operation ${operation}`, `is called by an element ${input.name}, as ${other} is`)
    }
    return {
      name,
      uri,
      doc: documentation(node) || documentation(this.root),
      notice: documentation(this.root),
      operations: [...operations.values()],
      soapVersions: [...versions].sort(),
      file: this.path,
      files: [...this.seen],
    }
  }

  private operation(
    service: string,
    bound: XmlElement,
    portType: XmlElement,
    binding: XmlElement,
  ): Operation | undefined {
    const name = bound.attributes.get('name') ?? ''
    const soap = bound.children.find((c) => c.local === 'operation' && c.uri === binding.uri)
    if ((soap?.attributes.get('style') ?? binding.attributes.get('style') ?? 'document') !== 'document') {
      this.report(`operation ${name}`, 'uses the rpc style, which is not supported')
      return undefined
    }
    const abstract = portType.children.find((c) => c.local === 'operation' && c.attributes.get('name') === name)
    const ends = ['input', 'output'].map((side) => {
      const declared = abstract?.children.find((c) => c.local === side)
      if (!declared) this.report(`operation ${name}`, `has no ${side}; one-way operations are not supported`)
      const wire = bound.children.find((c) => c.local === side)
      const body = wire?.children.find((c) => c.local === 'body' && c.uri === binding.uri)
      if (body?.attributes.get('use') === 'encoded')
        this.report(`operation ${name}`, 'uses encoded, which is not supported')
      return declared ? { declared, wire, message: this.message(declared, name) } : undefined
    })
    const [input, output] = ends
    if (!input?.message || !output?.message) return undefined
    const action = (end: XmlElement): string | undefined =>
      addressing.map((uri) => end.attributes.get(`{${uri}}Action`)).find((a) => a !== undefined)
    const soapAction = soap?.attributes.get('soapAction') ?? ''
    return {
      name,
      service,
      soapAction,
      inputAction: action(input.declared) ?? soapAction,
      outputAction: action(output.declared) ?? `${soapAction}Response`,
      input: input.message,
      output: output.message,
      headers: this.headers(input.wire, binding.uri),
      doc: documentation(abstract ?? bound),
    }
  }

  private headers(wire: XmlElement | undefined, uri: string): Field[] {
    const fields: Field[] = []
    for (const header of wire?.children.filter((c) => c.local === 'header' && c.uri === uri) ?? []) {
      const message = this.find('message', header, header.attributes.get('message') ?? '')
      const part = message?.children.find((p) => p.attributes.get('name') === header.attributes.get('part'))
      const element = part?.attributes.get('element')
      const field = element === undefined ? undefined : this.global(part!, element)
      if (field) fields.push({ ...field, min: 0 })
    }
    return fields
  }

  private message(end: XmlElement, operation: string): Message | undefined {
    const message = this.find('message', end, end.attributes.get('message') ?? '')
    const parts = message?.children.filter((c) => c.local === 'part') ?? []
    const element = parts[0]?.attributes.get('element')
    if (parts.length !== 1 || element === undefined) {
      this.report(`operation ${operation}`, 'needs exactly one part that names an element (document/literal)')
      return undefined
    }
    const field = this.global(parts[0]!, element)
    if (!field) return undefined
    const type: Complex = field.type.kind === 'complex' ? field.type : { kind: 'complex', name: field.name, fields: [] }
    if (field.type.kind === 'scalar') this.report(`element ${field.name}`, 'is a message without fields of its own')
    return { name: field.name, uri: field.uri, type, doc: field.doc }
  }

  private global(node: XmlElement, qualified: string): Field | undefined {
    const { uri, local } = resolve(node, qualified)
    return this.schemas.element(uri, local)
  }

  private find(kind: string, from: XmlElement, qualified: string): XmlElement | undefined {
    const { uri, local } = resolve(from, qualified)
    for (const document of this.documents)
      if (document.attributes.get('targetNamespace') === uri)
        for (const node of document.children)
          if (node.local === kind && node.attributes.get('name') === local) return node
    this.report(kind, `${qualified} is not declared`)
    return undefined
  }

  private report(rule: string, sentence: string): void {
    this.findings.push({ file: this.name, rule, sentence })
  }
}
