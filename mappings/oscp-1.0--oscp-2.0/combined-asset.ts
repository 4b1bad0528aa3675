// All charge points of a cable as one asset, and all assets of a group as one cable.
import { config, constant, drop, fill, toLegacy, toModern } from '#mapping'

export const combinedAsset = [
  toModern(fill('asset_id', config('combined asset'), 'All charge points of the cable are one asset.')),
  toModern(fill('asset_category', constant('CHARGING'), 'What OSCP 1.0 reports is charging.')),
  toLegacy(drop('asset_id', 'The energy of all assets of a group is added up.')),
  toLegacy(drop('asset_category', 'The energy of all assets of a group is added up.')),
  toLegacy(drop('instantaneous_measurement', 'OSCP 1.0 reports energy, not power.')),
]
