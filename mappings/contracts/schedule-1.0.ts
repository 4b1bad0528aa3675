// A second dialect, the project's own: shaped after what is publicly known of deployed systems, and not claimed to be anyone's.
import { soapContract } from '#mapping'

export default soapContract('schedule-1.0', 'Quarter-hour schedule (dialect of this project)', {
  csp: 'schedule-1.0/ScheduleCspService.wsdl',
  dso: 'schedule-1.0/ScheduleDsoService.wsdl',
})
