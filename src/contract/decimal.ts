/** Decimals as text and as doubles: what `String` and `Number` make of them, sooner for what limits mostly are. */

const thousandths = Array.from({ length: 1000 }, (_, n) => `.${String(n).padStart(3, '0')}`.replace(/\.?0+$/, ''))
/** With so many thousands before the point and three digits behind it, no other decimal that short is the same double. */
const mostWhole = 1_000_000

/** The shortest text that is read as this double: for a figure of up to three decimals these digits, without zeros at the end. */
export function decimalText(value: number): string {
  const inThousandths = Math.round(value * 1000)
  const whole = Math.floor(inThousandths / 1000)
  const isShort = whole >= 0 && whole < mostWhole && inThousandths / 1000 === value
  return isShort ? `${whole}${thousandths[inThousandths - whole * 1000]}` : `${value}`
}

/** So many decimal digits a double holds exactly. */
export const mostDigits = 15
const powersOfTen = Array.from({ length: mostDigits + 1 }, (_, n) => 10 ** n)

/**
 * The number of so many digits at most, which are a whole number, with the point before the last `fraction` of them. A double has
 * both that number and the power of ten it is divided by exactly: so the quotient is rounded once, as `Number` does.
 */
export function decimalOf(digits: number, fraction: number): number {
  return fraction === 0 ? digits : digits / powersOfTen[fraction]!
}
