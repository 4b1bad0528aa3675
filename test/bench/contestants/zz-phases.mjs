import { readFileSync } from 'node:fs'
import { contextOf } from '../../../dist/src/exchange/peers.js'
import { compileService, readEnvelope } from '../../../dist/src/soap/envelope.js'
import { benchLink } from './link.mjs'
const days = process.argv.slice(2).map((f) => readFileSync(f))
const dso = await benchLink('dso')
const hostedByCsp = (link) => link.crossing.legacy.services.find(({ host }) => host === 'csp')
const reader = compileService(hostedByCsp(dso))
const reading = { understands: () => false, onAddressing: () => undefined }
const T = {text:0,read:0,tr:0,print:0,buf:0}
const N=+process.env.N||3000
const step=(bytes)=>{
  const t0=process.hrtime.bigint()
  const s=bytes.toString()
  const t1=process.hrtime.bigint()
  const { value } = readEnvelope(s, '1.1', reader, reading)
  const t2=process.hrtime.bigint()
  const [part] = dso.crossing.byLegacy.get('UpdateCableCapacityForecast').toModern.translate(value, contextOf(dso, Date.now(), 180_000))
  const t3=process.hrtime.bigint()
  const j=dso.crossing.modern.json.print('UpdateGroupCapacityForecast', part.value)
  const t4=process.hrtime.bigint()
  const b=Buffer.from(j)
  const t5=process.hrtime.bigint()
  T.text+=Number(t1-t0);T.read+=Number(t2-t1);T.tr+=Number(t3-t2);T.print+=Number(t4-t3);T.buf+=Number(t5-t4)
  return b.length
}
for(let i=0;i<1000;i++)step(days[i%days.length])
for(let r=0;r<4;r++){
for(const k in T)T[k]=0
const c=process.cpuUsage()
for(let i=0;i<N;i++)step(days[i%days.length])
const u=process.cpuUsage(c)
console.log(Object.entries(T).map(([k,v])=>k+' '+(v/N/1000).toFixed(1)).join('  '),'cpu',((u.user+u.system)/N).toFixed(0))
}
