"""The peer of `bench serve`: Flask with Jinja answers the same page and the same list from the same database.

As lean as such an app can be: one connection that stays open, templates compiled once, plain SQL, nothing between. Like bench it
signs its sessions, looks up who asks, answers with an ETag, and writes an access log (gunicorn does).
"""

import os
import sqlite3

from flask import Flask, abort, jsonify, render_template, request, session

app = Flask(__name__, template_folder=os.environ["PEER_TEMPLATES"])
app.secret_key = "of the measurement"
database = sqlite3.connect(f"file:{os.environ['PEER_DATABASE']}?mode=ro", uri=True)
database.row_factory = sqlite3.Row


@app.after_request
def add_tag(response):
    response.add_etag()
    return response.make_conditional(request)


@app.get("/books")
def books():
    rows = database.execute(os.environ["PEER_QUERY"], {"author": request.args["author"]}).fetchall()
    return render_template("books.html", title="Books", books=rows)


@app.post("/login")
def log_in():
    session["user"] = request.form["usr"]
    return ""


@app.get("/list")
def rows():
    user = database.execute("SELECT name, enabled FROM tabUser WHERE name = ?", (session.get("user"),)).fetchone()
    if user is None or not user["enabled"]:
        abort(401)
    found = database.execute("SELECT name, title, pages FROM tabBook ORDER BY name LIMIT 50").fetchall()
    return jsonify(data=[dict(row) for row in found])
