// The site works without this file: it only says what a script could not do.
document.documentElement.classList.add('js')
// A passkey belongs to a name, by the browsers' rule: at 127.0.0.1 there are none.
if (window.PublicKeyCredential && !/^[\d.]+$|:/.test(location.hostname)) {
  document.documentElement.classList.add('passkeys')
}
// The schedule of a new recipe goes by the person's own clock.
for (const field of document.querySelectorAll('[data-zone]')) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? ''
}

// allauth's passkey scripts announce failures here; without a listener they end in the console only.
document.addEventListener('allauth.error', (event) => {
  event.preventDefault()
  const { exception } = event.detail
  const reasons = {
    AbortError: 'The passkey was not used: the request was cancelled. Try again, or choose another way in.',
    NotAllowedError: 'The passkey was not used: the request was cancelled, or it took too long. Try again, or choose another way in.',
    InvalidStateError: 'This device keeps a passkey for you already.',
    SecurityError: 'Passkeys need a site with a name and https: this address has none. Choose another way in.'
  }
  const note = document.createElement('p')
  note.className = 'notice notice--warn'
  note.textContent = reasons[exception?.name] ?? 'This browser could not use the passkey here. Choose another way in.'
  const messages = document.getElementById('messages')
  messages.replaceChildren(note)
  note.scrollIntoView({ block: 'nearest' })
})
