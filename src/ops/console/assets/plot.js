/** Reads a plot: wherever the pointer is, or the slider stands, says what holds there. The table below the plot is what it reads. */
/** Each row of the table: when it begins and ends, and what it says. */
function spans() {
  const table = document.getElementById('span-rows')
  if (!table?.tBodies) return []
  return [...table.tBodies[0].rows].map((row) => {
    const [from, to] = row.querySelectorAll('time')
    const [start, end] = [from, to].map((time) => Date.parse(time.dateTime))
    const facts = [...row.cells].slice(2).filter((cell) => cell.textContent.trim() !== '')
    const words = facts.map((cell) => `${cell.dataset.head.toLowerCase()} ${cell.textContent.trim()}`)
    return { start, end, text: `${from.textContent} to ${to.textContent}: ${words.join('; ')}` }
  })
}

function read(index) {
  const reader = document.getElementById('reader')
  const plot = document.querySelector('svg.plot')
  const span = spans()[index]
  if (!reader || !plot || !span) return
  reader.value = String(index)
  reader.setAttribute('aria-valuetext', span.text)
  document.getElementById('reading').textContent = span.text
  const { from, to, left, right } = Object.fromEntries(
    Object.entries(plot.dataset).map(([key, value]) => [key, Number(value)]),
  )
  const x = (at) => left + ((Math.min(Math.max(at, from), to) - from) / (to - from)) * (right - left)
  const cursor = plot.querySelector('.cursor')
  cursor.setAttribute('x', String(x(span.start)))
  cursor.setAttribute('width', String(Math.max(1, x(span.end) - x(span.start))))
}

function point(event) {
  const plot = event.target.closest?.('svg.plot')
  if (!plot) return
  const { left: edge, width } = plot.getBoundingClientRect()
  const { from, to, left, right, width: drawn } = plot.dataset
  // The drawing keeps its proportions, so it may stand narrower than its frame.
  const scale = Math.min(width / drawn, plot.getBoundingClientRect().height / plot.viewBox.baseVal.height)
  const x = (event.clientX - edge - (width - drawn * scale) / 2) / scale
  const at = Number(from) + ((x - left) / (right - left)) * (to - from)
  const index = spans().findIndex(({ start, end }) => start <= at && at < end)
  if (index >= 0) read(index)
}

function begin() {
  const reader = document.getElementById('reader')
  if (!reader) return
  reader.disabled = false
  read(Number(reader.value))
}

document.addEventListener('pointermove', point)
document.addEventListener('input', ({ target }) => {
  if (target.id === 'reader') read(Number(target.value))
})
document.addEventListener('console:taken', begin)
begin()
