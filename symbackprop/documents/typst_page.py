"""What stands at the head of a Typst document: the page, and `lines`, which breaks equations so that they fit it.

Widths are measured by Typst itself, not estimated. What cannot be broken and is too wide all the same is made smaller.
"""

PAGE_WIDTH = 453.0  # points between the margins
NUMBER_WIDTH = 30.0  # of an equation's number at the margin, with the space before it

# A long formula comes to `lines` as its pieces, each of which may begin a row: an equation, or an equation with how
# far inside brackets it begins. A row is broken where that is least.
PREAMBLE = """\
#set page(paper: "a4", margin: 2.5cm, numbering: "1")
#set text(font: "New Computer Modern", size: 10pt)
#set par(leading: 0.65em, spacing: 1em)
#show heading: set block(above: 1.6em, below: 0.9em)
#show heading.where(level: 1): set text(size: 14pt)
#show heading.where(level: 2): set text(size: 11pt)
#show math.equation: set text(font: "New Computer Modern Math")
#show math.equation.where(block: true): set block(breakable: true, spacing: 1.1em)
#show math.equation.where(block: true): set par(leading: 0.9em)
#show math.equation.where(block: true): set align(left)
#show table.cell.where(y: 0): strong

// A paragraph that stays on the page of what follows it.
#let leading(body) = block(sticky: true, body)

// What stays on one page, unless it is long.
#let together(body) = layout(page => {
  block(breakable: measure(width: page.width, body).height > page.height / 3, body)
})

#let point = $&$.body
#let nothing = $""$.body
#let width(..parts) = measure(math.equation(math.display((nothing, ..parts.pos()).join()))).width

// The rows of a formula that is given as its pieces.
#let broken(pieces, room) = {
  let pieces = pieces.map(piece => if type(piece) == array { piece } else { (0, piece) })
  let depth(place) = pieces.at(place).first()
  let widths = pieces.map(piece => width(piece.last().body))
  let indent = 2em.to-absolute()
  let rows = ()
  let start = 0
  while start < pieces.len() {
    let free = if start == 0 { room } else { room - indent }
    let (end, sum, best) = (start, 0pt, none)
    while end < pieces.len() and (end == start or sum + widths.at(end) <= free) {
      // In a row that goes on with one term of a sum, the next term may begin a row of its own however early it comes.
      let late = sum > free / 3 or (start > 0 and end > start and depth(end) == 0)
      if late and (best == none or depth(end) <= depth(best)) { best = end }
      sum += widths.at(end)
      end += 1
    }
    if end < pieces.len() and best != none and depth(best) < depth(end) { end = best }
    let row = (nothing, ..pieces.slice(start, end).map(piece => piece.last().body)).join()
    let wide = width(row)
    if wide > free {
      row = box(baseline: 30%, scale(99% * (free / wide), reflow: true, math.equation(math.display(row))))
    }
    rows.push(if start == 0 { row } else { h(indent) + row })
    start = end
  }
  rows
}

// The rows of one line, those of each side together. A side that is an equation is known to fit, and is a row. Where a
// side is given as its pieces, the rows are measured: one if all of the line fits into it, and the last side behind the
// one before it if that fits.
#let rows-of(sides, room) = {
  if sides.all(side => type(side) == content) { return sides.map(side => (side.body,)) }
  let whole = sides.flatten().filter(part => type(part) == content).map(part => part.body)
  if width(..whole) <= room { return ((whole.join(),),) }
  let groups = ()
  for (place, side) in sides.enumerate() {
    let found = broken(if type(side) == array { side } else { (side,) }, room)
    let joins = place > 0 and place == sides.len() - 1 and found.len() == 1
    if joins and width(groups.last().last(), found.first()) <= room {
      groups.last().last() += found.first()
    } else { groups.push(found) }
  }
  groups
}

// Lines below each other, their relations aligned; each is its left side and then its other sides. A page ends between
// two lines; within a long one between two sides, and within a side only if that is long. The number stands once, at
// the end. A left side that is too wide has a row of its own.
#let lines(number: none, ..given) = layout(page => {
  let lefts = given.pos().map(line => line.first().body)
  let widths = lefts.map(left => width(left))
  let most = 0.4 * page.width
  let column = calc.max(0pt, ..widths.filter(wide => wide <= most))
  let room = page.width - column - if number == none { 1pt } else { 30pt }
  let set-rows(rows, number: none) = math.equation(
    block: true, numbering: number, number-align: end + bottom, rows.map(math.display).join(linebreak()),
  )
  set block(spacing: 0.95em)
  for (line, left, wide) in given.pos().zip(lefts, widths) {
    let groups = rows-of(line.slice(1), room)
    let beside = h(column - if wide > most { 0pt } else { wide }) + if wide > most { nothing } else { left }
    let parts = (groups.flatten(),)
    if parts.first().len() > 10 {
      parts = groups.map(rows => if rows.len() > 10 { rows.map(row => (row,)) } else { (rows,) }).join()
    }
    for (place, rows) in parts.enumerate() {
      let (first, ..others) = rows
      let last = place == parts.len() - 1
      block(breakable: false, sticky: not last and (place == 0 or place == parts.len() - 2), {
        if wide > most and place == 0 { set-rows((left,)) }
        let begin = if place == 0 { beside } else { h(column) + nothing }
        set-rows((begin + point + first, ..others.map(row => point + row)), number: if last { number })
      })
    }
  }
})

// The same, each line with its number at the margin.
#let numbered = lines.with(number: "(1)")
"""
