import { keep, message, same, split, text, until, via } from '#mapping'
import { forecast } from './forecast.ts'
import { forecastType } from './forecast-type.ts'
import { acknowledgement } from './values.ts'

export default message('update-cable-capacity-forecast', {
  legacy: 'UpdateCableCapacityForecast',
  modern: 'UpdateGroupCapacityForecast',
  why: 'The DSO announces what this operator may draw per cable; 2.0 renames cable to group and types the forecast.',
  rules: [
    split(
      'cableCapacityForecast',
      'cableId',
      'Rejected if any cable was refused, with the refused cables listed; else Accepted.',
    ),
    ...forecastType,
    keep('forecastId', until('last block + 7 days'), 'It is needed again when usage is reported.'),
    ...forecast,
  ],
  answer: [
    via('status', 'verdict', acknowledgement),
    same('rejectedCableId[]', 'refused[]'),
    via('info', 'message', text(500)),
  ],
})
