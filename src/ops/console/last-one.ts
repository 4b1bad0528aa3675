/** What many look at is made once from what was read once. */
export function lastOne<T extends object, R>(make: (from: T) => R): (from: T) => R {
  let last: { readonly from: T; readonly made: R } | undefined
  return (from) => {
    if (last?.from !== from) last = { from, made: make(from) }
    return last.made
  }
}
