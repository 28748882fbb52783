# The site's processes in one image: web by default; worker, beat and migrate by another command.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/spotsite

COPY requirements.txt .
RUN python -m pip install --require-hashes -r requirements.txt

COPY manage.py .
COPY spotsite spotsite
COPY accounts accounts
COPY playlists playlists
COPY templates templates
COPY static static
RUN python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q spotsite accounts playlists

# No shell, no home, nothing that it may write to.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin spotsite
USER 10001
EXPOSE 8000

# Without query strings in the access log: the providers put one-time codes into them.
CMD ["python", "-m", "gunicorn", "spotsite.wsgi:application", \
     "--bind", "0.0.0.0:8000", "--workers", "1", "--worker-class", "gthread", "--threads", "8", \
     "--no-control-socket", "--worker-tmp-dir", "/dev/shm", \
     "--timeout", "60", "--graceful-timeout", "25", \
     "--access-logfile", "-", "--access-logformat", "%(m)s %(U)s %(s)s %(M)sms"]
