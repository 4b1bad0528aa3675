/** Writes the page of every error kind, as each wire says it, from the one table; nothing on it is written by hand. */
import { type ErrorKind, errorTable } from '../errors.ts'

const soap11Codes = {
  Sender: 'Client',
  Receiver: 'Server',
  MustUnderstand: 'MustUnderstand',
  VersionMismatch: 'VersionMismatch',
}
const retries = { never: 'no, not as it is', later: 'yes, later' }

/** Markdown, in the order of the table. */
export function writeErrorPage(): string {
  const kinds = Object.keys(errorTable) as ErrorKind[]
  const rows = kinds.map((kind) => {
    const { code, subcode, soap11, soap12, json, retry, log } = errorTable[kind]
    // The codes that SOAP itself defines take no subcode.
    const is12 = code === 'Sender' || code === 'Receiver' ? `${code} / ${subcode}` : code
    const cells = [`[${kind}](#${kind})`, soap11Codes[code], soap11, is12, soap12, json, retries[retry], log]
    return `| ${cells.join(' | ')} |`
  })
  const sections = kinds.map((kind) => {
    const { meaning, advice, subcode } = errorTable[kind]
    return `### ${kind}\n\n${meaning} *What to do:* ${advice} In the detail of a SOAP fault its code is \`${subcode}\`.\n`
  })
  return `<!-- Written by \`npm run pages\` from src/errors/table.ts. Do not edit: a test compares. -->

# Errors

Whatever goes wrong is one of these kinds, and this one table says what each becomes on each wire. A partner sees the kind's code, one
sentence, the paths of the fields that are wrong, and an exchange id; never a value, a host name, a stack or a secret. The same exchange id is in
the log, with the cause, and in the header \`X-Exchange-ID\` of the answer.

- **SOAP 1.1**: \`faultcode\`, HTTP status (500 by its HTTP binding, except where HTTP refused before SOAP was read); \`faultstring\` is the
  sentence, and \`detail/problem\` holds \`code\`, \`kind\`, \`exchange\` and one \`field\` with its \`path\` per thing that is wrong.
- **SOAP 1.2**: \`Code\` / \`Subcode\`, HTTP status; \`Reason\` and \`Detail\` hold the same. \`VersionMismatch\` comes with the header \`Upgrade\`,
  \`MustUnderstand\` with a \`NotUnderstood\` per header block. The subcode of \`reply-address-refused\` is that of WS-Addressing.
- **JSON**: HTTP status; the body is \`{"message": …}\` with the sentence, or with every path that is wrong and why.

An ordinary refusal, such as of a cable that no link covers, is no error: SOAP says \`Rejected\` and \`info\`.

| Kind | SOAP 1.1 code | status | SOAP 1.2 code / subcode | status | JSON status | Send it again? | Logged as |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

## What they mean, and what to do

${sections.join('\n')}`
}
