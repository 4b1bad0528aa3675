/** Bare node:http: takes the body in without looking at it and answers a constant. */
import { createServer } from 'node:http'
import { accepted } from './answer.mjs'

createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8' }).end(accepted))
}).listen(Number(process.argv[2]), '127.0.0.1')
