// OSCP 1.0 as this project reconstructs it; not the Open Charge Alliance's own WSDL, and no conformance is claimed.
import { soapContract } from '#mapping'

export default soapContract('oscp-1.0', 'OSCP 1.0 (reconstruction of this project)', [
  'oscp-1.0/CspService.wsdl',
  'oscp-1.0/DsoService.wsdl',
])
