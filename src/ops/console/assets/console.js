/** Times in the reader's own zone, filters, and pages that follow what happens. Without it every page still says everything. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const withSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const seconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayOf = (date) => date.toDateString()

/** By the gateway's clock, which may be that of a day in two minutes. */
function onItsDay(date, format) {
  const isToday = dayOf(date) === dayOf(new Date(Date.now() - offset))
  return isToday ? format.format(date) : `${day.format(date)} ${format.format(date)}`
}

function lasting(ms) {
  const units = [
    [86400000, 2, 'day'],
    [3600000, 2, 'hour'],
    [60000, 1, 'minute'],
    [1000, 1, 'second'],
  ]
  for (const [length, least, unit] of units) {
    const count = Math.floor(ms / length)
    if (count >= least) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return 'less than a second'
}

function ago(date) {
  const distance = Date.now() - offset - date.getTime()
  if (Math.abs(distance) < 1500) return 'now'
  return distance > 0 ? `${lasting(distance)} ago` : `in ${lasting(-distance)}`
}

/** How far the gateway's clock is behind ours: ages are told by its clock. What a page shows may be some seconds old itself. */
const served = document.querySelector('#asof time')
let offset = served ? Date.now() - Date.parse(served.dateTime) : 0
if (Math.abs(offset) < 15000) offset = 0

function textOf(form, date) {
  if (form === 'ago') return ago(date)
  if (form === 'exact') return seconds.format(date)
  return form === 'moment' ? onItsDay(date, withSeconds) : onItsDay(date, hours)
}

export function localise(root = document) {
  for (const element of root.querySelectorAll('time[data-form]')) {
    const date = new Date(element.dateTime)
    const { form } = element.dataset
    const text = textOf(form, date)
    if (element.textContent !== text) element.textContent = text
    if (element.title === '') element.title = element.dateTime.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')
  }
  for (const element of root.querySelectorAll('text[data-at]')) {
    const text = hours.format(new Date(Number(element.dataset.at)))
    if (element.textContent !== text) element.textContent = text
  }
}

function applyFilter(input) {
  const rows = document.getElementById(input.dataset.filters)?.querySelectorAll('tbody tr') ?? []
  const wanted = input.value.trim().toLowerCase()
  let shown = 0
  for (const row of rows) {
    row.hidden = !(row.dataset.text ?? '').includes(wanted)
    if (!row.hidden) shown++
  }
  const count = document.getElementById('filter-count')
  if (count) count.textContent = wanted === '' ? '' : `${shown} of ${rows.length}`
}

function applyFilters() {
  for (const input of document.querySelectorAll('input[data-filters]')) applyFilter(input)
}

/** What of the page is another than before takes the place of what was; what the reader is in, or has opened, stays. */
function take(next) {
  for (const region of document.querySelectorAll('[data-region]')) {
    const other = next.getElementById(region.id)
    if (other && !isBusy(region)) swap(region, other, false)
  }
  for (const list of document.querySelectorAll('table[data-rows]')) {
    const other = next.getElementById(list.id)
    if (!other?.matches('table')) continue
    const known = new Map([...list.tBodies[0].rows].map((row) => [row.id, row]))
    if ([...known.keys()].includes('')) {
      if (!isBusy(list)) swap(list.tBodies[0], other.tBodies[0], false)
      continue
    }
    const rows = [...other.tBodies[0].rows].map((row) => {
      const old = known.get(row.id)
      if (!old) return row
      if (!isBusy(old)) return swap(old, row, true)
      return old
    })
    const now = [...list.tBodies[0].rows]
    if (rows.length !== now.length || rows.some((row, i) => row !== now[i])) list.tBodies[0].replaceChildren(...rows)
  }
}

const served_html = new WeakMap()

function swap(old, other, isRow) {
  const html = other.innerHTML + other.className
  if ((served_html.get(old) ?? '') === html) return old
  const isFirst = !served_html.has(old)
  const adopted = document.adoptNode(other)
  served_html.set(adopted, html)
  const before = old.textContent
  localise(adopted)
  old.replaceWith(adopted)
  if (isRow && !isFirst && before !== adopted.textContent) adopted.classList.add('fresh')
  return adopted
}

function isBusy(element) {
  return element.contains(document.activeElement) || element.querySelector('details[open]') !== null
}

function say(text) {
  const announced = document.getElementById('announced')
  if (announced && announced.textContent !== text) announced.textContent = text
}

/** So many times as long as the last refresh took is nothing done: a page of thousands of rows must not hold its reader up. */
const rest = 10
const least = 250

function follow(address) {
  const overview = document.getElementById('needs')
  let needs = overview ? Number(overview.dataset.count ?? 0) : undefined
  let isMissed = false
  let isRunning = false
  let timer
  let took = 0
  let source

  const tellState = (word) => {
    const element = document.getElementById('live-state')
    if (element) element.textContent = `, ${word}`
  }
  const refresh = async () => {
    clearTimeout(timer)
    timer = undefined
    isMissed = document.hidden || isRunning
    if (isMissed) return
    isRunning = true
    const began = performance.now()
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
      if (answer.ok) {
        take(new DOMParser().parseFromString(await answer.text(), 'text/html'))
        applyFilters()
        document.dispatchEvent(new Event('console:taken'))
      }
      const isLive = source.readyState === EventSource.OPEN
      const well = isLive ? 'live' : 'read again every half a minute'
      tellState(answer.ok ? well : `not up to date: the gateway answers ${answer.status}`)
    } catch {
      tellState('not connected: what you see may be old')
    }
    isRunning = false
    took = performance.now() - began
    if (isMissed) soon()
  }
  const soon = () => {
    timer ??= setTimeout(refresh, Math.max(least, rest * took))
  }
  const changed = ({ data }) => {
    const change = JSON.parse(data)
    if (needs !== undefined && change.needs !== needs) say(needsText(change.needs))
    needs = change.needs
    soon()
  }
  const listen = () => {
    source = new EventSource(address)
    source.addEventListener('open', () => tellState('live'))
    source.addEventListener('error', () => tellState('not connected: what you see may be old'))
    source.addEventListener('changed', changed)
  }
  listen()
  // How long something has been so is said by the page, and grows while nothing else changes.
  setInterval(() => {
    if (source.readyState === EventSource.CLOSED) listen()
    void refresh()
  }, 30_000)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && isMissed) void refresh()
  })
  addEventListener('pagehide', () => source.close())
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) listen()
  })
}

function needsText(count) {
  if (count === 0) return 'Nothing needs a person any more.'
  return count === 1 ? 'One thing needs a person.' : `${count} things need a person.`
}

const zoneNote = document.getElementById('zone')
if (zoneNote && zone !== 'UTC') {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' }).formatToParts(new Date())
  const { value = 'GMT' } = parts.find(({ type }) => type === 'timeZoneName') ?? {}
  zoneNote.textContent = `Times are those of ${zone}, ${value.replace('GMT', 'UTC')}.`
}
localise()
setInterval(localise, 1000)
for (const input of document.querySelectorAll('input[data-filters]')) {
  input.form?.addEventListener('submit', (event) => event.preventDefault())
  input.addEventListener('input', () => applyFilter(input))
}
applyFilters()
if (document.body.dataset.live) follow(document.body.dataset.live)
