// The site works without this file: it only says what a script could not do.
document.documentElement.classList.add('js')

// allauth's passkey scripts announce failures here; without a listener they end in the console only.
document.addEventListener('allauth.error', (event) => {
  event.preventDefault()
  const { exception } = event.detail
  const cancelled = exception && ['NotAllowedError', 'AbortError'].includes(exception.name)
  const note = document.createElement('p')
  note.className = 'notice notice--warn'
  note.textContent = cancelled
    ? 'The passkey was not used: the request was cancelled, or it took too long. Try again, or choose another way in.'
    : 'This browser could not use the passkey here. Choose another way in.'
  const messages = document.getElementById('messages')
  messages.replaceChildren(note)
  note.scrollIntoView({ block: 'nearest' })
})
