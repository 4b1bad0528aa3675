/** What those answer who do not look at the question. */
export const accepted =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
  '<updateCableCapacityForecastResponse xmlns="urn:oscp-gateway:oscp-1.0:Csp"><status>Accepted</status>' +
  '</updateCableCapacityForecastResponse></soap:Body></soap:Envelope>'
