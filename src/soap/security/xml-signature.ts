/**
 * The XML Signature library with only those algorithms in it that this gateway allows, for signing and for verifying.
 * Limits: with indexed.ts the only place that imports xml-crypto.
 */
import { createHash, createSign, type KeyLike, verify } from 'node:crypto'
import { ExclusiveCanonicalization, type SignatureAlgorithm, SignedXml } from 'xml-crypto'
import { digestAlgorithms, exclusive, type Hash, signatureAlgorithms } from './signed-info.ts'

export { SignedXml }

/** Told of every SignedInfo in its canonical form. */
type OnSignedInfo = (canonical: string) => void

/** `scope`: the prefixes in scope of a SignedInfo that is read out of its document. */
export function restrict(
  signed: SignedXml,
  scope: ReadonlyMap<string, string> = new Map(),
  onSignedInfo: OnSignedInfo = () => {},
): SignedXml {
  const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
  const { [enveloped]: envelopedSignature } = signed.CanonicalizationAlgorithms
  const ancestorNamespaces = [...scope].map(([prefix, namespaceURI]) => ({ prefix, namespaceURI }))
  class Exclusive extends ExclusiveCanonicalization {
    override process(...[element, options]: Parameters<ExclusiveCanonicalization['process']>): string {
      if (element.localName !== 'SignedInfo') return super.process(element, options)
      const canonical = super.process(element, { ...options, ancestorNamespaces })
      onSignedInfo(canonical)
      return canonical
    }
  }
  signed.CanonicalizationAlgorithms = { [exclusive]: Exclusive, [enveloped]: envelopedSignature! }
  signed.HashAlgorithms = Object.fromEntries([...digestAlgorithms].map(([name, hash]) => [name, digestOf(name, hash)]))
  signed.SignatureAlgorithms = Object.fromEntries(
    [...signatureAlgorithms].map(([name, hash]) => [name, rsaOf(name, hash)]),
  )
  return signed
}

function digestOf(name: string, hash: Hash) {
  return class {
    getAlgorithmName = () => name
    getHash = (xml: string) => createHash(hash).update(xml, 'utf8').digest('base64')
  }
}

function rsaOf(name: string, hash: Hash): new () => SignatureAlgorithm {
  return class {
    getAlgorithmName = () => name
    getSignature = (text: string | NodeJS.ArrayBufferView, key: KeyLike) => {
      const signer = createSign(hash)
      signer.update(text as string)
      return signer.sign(key, 'base64')
    }
    verifySignature = (text: string, key: KeyLike, value: string) =>
      verify(hash, Buffer.from(text), key, Buffer.from(value, 'base64'))
  } as new () => SignatureAlgorithm
}
