/** The files of a deployment as tests read them, with the names that they and the product have in common. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments, parseDocument } from 'yaml'

export const root = resolve(import.meta.dirname, '../..')

const read = (path: string) => readFileSync(join(root, path), 'utf8')

const text = read('Dockerfile')
export const dockerfile = {
  text,
  exposed: /^EXPOSE (.+)$/m.exec(text)![1]!.split(' ').map(Number),
  stages: [...text.matchAll(/^FROM \S+ AS (\w+)$/gm)].map(([, name]) => name!),
}

/** One document, strictly: a key that is there twice is an error. */
export function readYaml(path: string): unknown {
  const document = parseDocument(read(path), { uniqueKeys: true })
  if (document.errors.length > 0) throw document.errors[0]
  return document.toJS()
}

export function readDocuments(path: string): unknown[] {
  const documents = parseAllDocuments(read(path), { uniqueKeys: true })
  if (!Array.isArray(documents)) throw new Error(`${path} is empty`)
  for (const { errors } of documents) if (errors.length > 0) throw errors[0]
  return documents.map((document) => document.toJS())
}

/** The rules that docs/redis.md lists for the gateway's user, behind the password. */
export function documentedRules(): string[] {
  return /^ACL SETUSER oscpgw on >secret (.*)$/m.exec(read('docs/redis.md'))![1]!.split(' ')
}
