/** Keys that have a meaning of their own do not act while somebody writes, or while a dialog is open. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'range'].includes(target.type);
  return target.isContentEditable || target.matches('textarea, select');
}
