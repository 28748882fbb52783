// Keeps the bar of a run's page moving; without this file the page says the same after a reload.
(() => {
  const FIRST = 800
  const LONGEST = 15000

  const number = new Intl.NumberFormat('en-GB')
  let pause = FIRST
  let last = ''

  const section = () => document.querySelector('#run[data-run]')

  const show = (run) => {
    const here = section()
    here.querySelector('progress').value = run.done
    here.querySelector('[data-done]').textContent = number.format(run.done)
    here.querySelector('[data-label]').textContent = run.label
    const sentence = here.querySelector('[data-sentence]')
    if (sentence.textContent !== run.error) sentence.textContent = run.error
    sentence.hidden = !run.error
  }

  // Said aloud by screen readers: the part of the page with the buttons is exchanged, not changed.
  const say = (run) => {
    const spoken = `${run.label}: ${number.format(run.done)} of ${number.format(run.total)}`
    document.querySelector('[data-spoken]').textContent = spoken
  }

  // Another state has other buttons and facts: the page knows them, so its part is taken from there.
  const swap = async () => {
    const answer = await fetch(location.href, { credentials: 'same-origin' })
    if (!answer.ok) throw new Error(answer.status)
    if (answer.redirected) return location.assign(answer.url)
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.querySelector('#run')
    if (fresh) document.querySelector('#run').replaceWith(fresh)
  }

  const look = async () => {
    const here = section()
    if (!here) return
    try {
      const answer = await fetch(here.dataset.run, { credentials: 'same-origin' })
      if (answer.status === 404 || answer.redirected) return
      if (!answer.ok) throw new Error(answer.status)
      const run = await answer.json()
      show(run)
      if (run.state !== here.dataset.state || run.cancelling !== 'cancelling' in here.dataset) {
        await swap()
        say(run)
      }
      const now = `${run.state} ${run.done} ${run.error}`
      pause = now === last ? Math.min(pause * 1.4, LONGEST) : FIRST
      last = now
    } catch {
      pause = Math.min(pause * 2, LONGEST)
    }
    if (section()) setTimeout(look, pause)
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) pause = FIRST
  })
  if (section()) setTimeout(look, FIRST)
})()
