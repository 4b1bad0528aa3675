/** The names of WS-Security, its two token profiles and XML Signature that this gateway knows. */
const oasis = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss'

export const wsse = `${oasis}-wssecurity-secext-1.0.xsd`
export const wsu = `${oasis}-wssecurity-utility-1.0.xsd`
export const ds = 'http://www.w3.org/2000/09/xmldsig#'

export const passwordTypes = {
  text: `${oasis}-username-token-profile-1.0#PasswordText`,
  digest: `${oasis}-username-token-profile-1.0#PasswordDigest`,
} as const

export const base64Encoding = `${oasis}-soap-message-security-1.0#Base64Binary`
export const x509TokenType = `${oasis}-x509-token-profile-1.0#X509v3`
