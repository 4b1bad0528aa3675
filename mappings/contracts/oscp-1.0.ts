// OSCP 1.0 as this project reconstructs it; not the Open Charge Alliance's own WSDL, and no conformance is claimed.
import { soapContract } from '#mapping'

export default soapContract(
  'oscp-1.0',
  'OSCP 1.0 (reconstruction of this project)',
  { csp: 'oscp-1.0/CspService.wsdl', dso: 'oscp-1.0/DsoService.wsdl' },
  { cspIdentity: 'identity' },
)
