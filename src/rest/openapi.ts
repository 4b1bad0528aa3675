/**
 * Describes the OSCP 2.0 face as OpenAPI 3.1, made of the same routes and schemas that serve it; a test calls every line of it.
 * Limits: the schemas say what we send and ask for; what is read beyond that is said in words, because it should not be relied on.
 */
import type { JsonContract } from '../contract/model.ts'
import type { Face } from '../exchange/modern.ts'
import { type Route, routes } from './messages.ts'

export interface OpenApiOptions {
  readonly contract: JsonContract
  /** Scheme, host and path under which partners reach this listener. */
  readonly publicUrl: string
  readonly version: string
}

const faces: Readonly<Record<Face, string>> = {
  cp: 'What a flexibility provider calls: the gateway is its capacity provider.',
  fp: 'What a capacity provider calls: the gateway is its flexibility provider.',
}

const error = (description: string, headers: object = {}) => ({
  description,
  headers: { ...answerHeaders, ...headers },
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
})

const answerHeaders = {
  'X-Request-ID': { description: 'The id of the request.', schema: { type: 'string' } },
  'X-Correlation-ID': { description: 'The id of the request, too.', schema: { type: 'string' } },
  'X-Exchange-ID': { description: 'To be quoted when something went wrong.', schema: { type: 'string' } },
}

const statuses = {
  204: { description: 'Taken. What it leads to comes as a message of its own.', headers: answerHeaders },
  400: error('Not what the schema says; `message` names the field.'),
  401: error('No Authorization.', { 'WWW-Authenticate': { schema: { type: 'string' } } }),
  403: error('The token is unknown, revoked or not for this; or registration or handshake are missing.'),
  404: error('The group is not served here.'),
  413: error('The body is too large.'),
  415: error('The body is not JSON.'),
  501: error('No common version, or a message that is not carried.'),
  503: error('Not now; send it again.', { 'Retry-After': { schema: { type: 'integer' } } }),
}

export function describeApi({ contract, publicUrl, version }: OpenApiOptions): object {
  const paths: Record<string, unknown> = {}
  for (const face of ['cp', 'fp'] as const)
    for (const route of routes.filter((one) => one.faces.includes(face)))
      paths[`/oscp/${face}/2.0/${route.path}`] = Object.fromEntries(
        route.methods.map((method) => [method.toLowerCase(), operation(route, face, method)]),
      )
  const names = [...new Set(routes.map(({ message }) => message))]
  return {
    openapi: '3.1.0',
    info: {
      title: 'oscp-gateway, OSCP 2.0',
      version,
      description:
        'Open Smart Charging Protocol 2.0 as this gateway serves it. Every message is answered 204 without a body; answers are ' +
        'messages the other way, with the id of the first in X-Correlation-ID. Unknown members are ignored.',
    },
    servers: [{ url: publicUrl }],
    security: [{ token: [] }],
    tags: Object.entries(faces).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: '`Token <token>` with the token this gateway issued; `Bearer <token>` is taken, too.',
        },
      },
      parameters: Object.fromEntries(parameters),
      schemas: {
        ...Object.fromEntries(names.map((name) => [name, contract.schema(name)])),
        Error: {
          type: 'object',
          properties: { message: { type: 'string', description: 'What is wrong, for people.' } },
        },
      },
    },
  }
}

const header = (name: string, description: string, schema: object) =>
  [name, { name, in: 'header', required: false, description, schema }] as const

const parameters = [
  header('X-Request-ID', 'Unique id of the message. A repeat has the same id and the same body.', { type: 'string' }),
  header('X-Correlation-ID', 'The id of the message that this one answers.', { type: 'string' }),
  header('X-Segment-Index', 'Which part of a message this is, from 1.', { type: 'integer' }),
  header('X-Segment-Count', 'How many parts the message has.', { type: 'integer', minimum: 1, maximum: 100 }),
] as const

function operation(route: Route, face: Face, method: string): object {
  const { session, message } = route
  const used = parameters.filter(([name]) => !session || !name.startsWith('X-Segment'))
  const codes = Object.keys(statuses).filter((code) => appliesTo(code, route, method))
  return {
    operationId: `${face}${method === 'POST' ? '' : method[0] + method.slice(1).toLowerCase()}${message}`,
    tags: [face],
    parameters: used.map(([name]) => ({ $ref: `#/components/parameters/${name}` })),
    requestBody: {
      required: method !== 'DELETE' && !mayBeEmpty.has(message),
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${message}` } } },
    },
    responses: Object.fromEntries(codes.map((code) => [code, statuses[code as unknown as keyof typeof statuses]])),
  }
}

const mayBeEmpty = new Set(['Handshake', 'HandshakeAcknowledge', 'Heartbeat'])

/** A DELETE takes any body; only messages about a group know groups; only these two may be answered 501. */
function appliesTo(code: string, { session, message }: Route, method: string): boolean {
  if (code === '400' || code === '415') return method !== 'DELETE'
  if (code === '404') return !session
  if (code === '501') return !session || (message === 'Register' && method !== 'DELETE')
  return true
}
