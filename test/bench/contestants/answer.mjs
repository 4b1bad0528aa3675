/** The answer of those who do not read what they are asked. */
export const accepted =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
  '<updateCableCapacityForecastResponse xmlns="urn:oscp-gateway:oscp-1.0:Csp"><status>Accepted</status>' +
  '</updateCableCapacityForecastResponse></soap:Body></soap:Envelope>'
