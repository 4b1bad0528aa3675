/** Hostile JSON against a running gateway with a body limit of 16 MiB: the right refusal, and the others are served meanwhile. */
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { send } from '../support/soap.ts'
import { type Attacked, expectNothingInternal, openAttacked, token } from './attacked.ts'

const json = { 'content-type': 'application/json', authorization: `Token ${token}` }
const usage = '/oscp/cp/2.0/update_group_measurements'
const measurement = (value: string) =>
  `{"value":${value},"phase":"ALL","unit":"KWH","direction":"IMPORT","measure_time":"2026-03-03T06:00:00Z"}`
const measured = (value: string, group = '"G"') => `{"group_id":${group},"measurements":[${measurement(value)}]}`
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

interface Attack {
  readonly title: string
  readonly body: () => string | Buffer
  readonly status: number
  readonly message: RegExp
  readonly headers?: Record<string, string>
}
const bad = (title: string, message: RegExp, body: () => string): Attack => ({ title, body, status: 400, message })
const tooDeep = /is nested too deeply$/
const noNumber = /value must be a number/
const attacks: readonly Attack[] = [
  bad('lists a million deep', tooDeep, () => '['.repeat(1_000_000) + ']'.repeat(1_000_000)),
  bad('lists that never end', tooDeep, () => '['.repeat(10_000_000)),
  bad('objects 200,000 deep', tooDeep, () => nested(200_000)),
  bad('objects too deep for a group', tooDeep, () => measured('1', nested(100))),
  bad('a number beyond all numbers', noNumber, () => measured('1e999')),
  bad('a number of a million digits', noNumber, () => measured('9'.repeat(1_000_000))),
  bad('an exponent of a million digits', noNumber, () => measured(`1e${'9'.repeat(1_000_000)}`)),
  bad(
    'a member __proto__',
    /must not have a member __proto__$/,
    () => '{"__proto__":{"polluted":true},"group_id":"G"}',
  ),
  bad(
    'a member __proto__ in disguise, further in',
    /must not have a member __proto__$/,
    () => '{"group_id":"G","measurements":[{"\\u005f\\u005fproto\\u005f\\u005f":{"polluted":true}}]}',
  ),
  bad(
    'a constructor with a prototype',
    /group_id is required/,
    () => '{"constructor":{"prototype":{"polluted":true}},"toString":1,"valueOf":null,"hasOwnProperty":[]}',
  ),
  bad(
    'half a million members',
    /^the body has too many values$/,
    () => `{${Array.from({ length: 500_000 }, (_, i) => `"m${i}":${i}`).join()}}`,
  ),
  bad(
    'a list of five million numbers',
    /^the body has too many values$/,
    () => `{"group_id":"G","measurements":[${'1,'.repeat(5_000_000)}1]}`,
  ),
  bad(
    'a list of 300,000 numbers',
    /^measurements must have at most 10000 items$/,
    () => `{"group_id":"G","measurements":[${'1,'.repeat(300_000)}1]}`,
  ),
  bad(
    'ten thousand measurements that are all wrong',
    /^measurements\[0\].value must be a number; /,
    () => `{"group_id":"G","measurements":[${Array.from({ length: 10_000 }, () => measurement('{}')).join()}]}`,
  ),
  bad(
    'an object of 100,000 members in a place nobody looks at',
    /^\* must have at most 256 members$/,
    () => `{"group_id":"G","0":{${Array.from({ length: 100_000 }, (_, i) => `"m${i}":${i}`).join()}}}`,
  ),
  bad('a unit of 10 MB', /^measurements\[0\]\.unit must be one of/, () =>
    measured('1').replace('KWH', 'x'.repeat(10_000_000)),
  ),
  bad(
    'more measurements than anybody means',
    /^measurements must have at most 10000 items/,
    () => `{"group_id":"G","measurements":[${Array.from({ length: 60_000 }, () => measurement('1')).join()}]}`,
  ),
  { title: '20 MB', body: () => measured('1', `"${'x'.repeat(20_000_000)}"`), status: 413, message: /larger than/ },
  {
    title: 'a gzip bomb',
    body: () => gzipSync(Buffer.alloc(100_000_000, ' ')),
    status: 415,
    message: /content encoding/,
    headers: { 'content-encoding': 'gzip' },
  },
  {
    title: 'a token of 15,000 characters',
    body: () => measured('1'),
    status: 403,
    message: /token is not known/,
    headers: { authorization: `Token ${'x'.repeat(15_000)}` },
  },
]

describe('An attack on the REST face', function () {
  this.timeout(60_000)
  let attacked: Attacked
  before(async () => {
    attacked = await openAttacked()
  })
  after(() => attacked.stop())

  for (const { title, body, status, message, headers } of attacks)
    it(`with ${title} ends as ${status}`, async () => {
      const answer = await attacked.survives(title, () =>
        send(attacked.restUrl + usage, { headers: { ...json, ...headers }, body: body() }),
      )
      expect(answer.status, answer.body).to.equal(status)
      expect(answer.headers['content-type']).to.equal('application/json; charset=utf-8')
      const said = JSON.parse(answer.body) as Record<string, unknown>
      expect(Object.keys(said)).to.deep.equal(['message'])
      expect(said.message).to.match(message)
      expectNothingInternal(answer.body)
    })
})
