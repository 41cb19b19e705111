// @ts-check
// Building and changing the document, never from markup: what a server sends is only ever text.

/**
 * An element that the page always has.
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]  what it is, where more is done with it than with any other
 * @returns {T}
 */
export function byId(id, kind) {
  /** @type {Element | null} */
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? Element))) throw new Error(`the page has no such #${id}`);
  return /** @type {T} */ (found);
}

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Writes only what changes, so that a selection, or a screen reader, is not disturbed for nothing.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A value that is not known must not look like one that is.
 * @param {Element} node
 * @param {string | null} text
 */
export function setValue(node, text) {
  setText(node, text ?? 'unknown');
  node.classList.toggle('is-unknown', text === null);
}

/**
 * An amount that is a gain or a loss says so by its sign, and by its colour.
 * @param {Element} node
 * @param {number | null} amount
 * @param {string | null} text
 */
export function setGain(node, amount, text) {
  setValue(node, text);
  node.classList.toggle('gain', amount !== null && amount > 0);
  node.classList.toggle('loss', amount !== null && amount < 0);
}

/**
 * @param {HTMLElement | SVGElement} node
 * @param {string} name
 * @param {string | null} value
 */
export function setData(node, name, value) {
  if (value === null) delete node.dataset[name];
  else if (node.dataset[name] !== value) node.dataset[name] = value;
}
