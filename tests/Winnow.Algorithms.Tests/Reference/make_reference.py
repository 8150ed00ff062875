#!/usr/bin/env python3
"""Makes reference.json: values of scikit-learn and scipy that the tests compare with.

Run with Debian's Python (packages python3-numpy, python3-scipy, python3-sklearn):
    /usr/bin/python3 make_reference.py > reference.json
Made with scikit-learn 1.2.1, scipy 1.10.1, numpy 1.24.2.
"""
import json
import sys
import warnings

import numpy as np
from scipy.stats import beta, binom
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.multiclass import OneVsRestClassifier

warnings.filterwarnings("ignore")


def rounded(values):
    return [float(f"{v:.9g}") for v in np.asarray(values).ravel()]


def head(seed, n, d, k, c, spread):
    r = np.random.default_rng(seed)
    centres = r.normal(size=(k, d)) * spread
    y = np.arange(n) % k
    x = (centres[y] + r.normal(size=(n, d))).astype(np.float32)
    m = LogisticRegression(C=c, solver="lbfgs", multi_class="multinomial", tol=1e-8, max_iter=5000).fit(x, y)
    p = m.predict_proba(x)
    objective = c * log_loss(y, p, normalize=False) + 0.5 * (m.coef_ ** 2).sum()
    return dict(n=n, d=d, k=k, c=c, x=rounded(x), y=y.tolist(), coef=rounded(m.coef_), intercept=rounded(m.intercept_), loss=float(log_loss(y, p)), objective=float(objective))


def sets(seed, n, d, k, c, weighted):
    r = np.random.default_rng(seed)
    x = r.normal(size=(n, d)).astype(np.float32)
    y = (x @ r.normal(size=(d, k)) + r.normal(size=(n, k)) > r.normal(size=k)).astype(int)
    w = r.integers(1, 4, size=n).astype(float) if weighted else np.ones(n)
    # Weights as repeated rows: OneVsRestClassifier takes none.
    m = OneVsRestClassifier(LogisticRegression(C=c, solver="lbfgs", tol=1e-8, max_iter=5000))
    m.fit(np.repeat(x, w.astype(int), 0), np.repeat(y, w.astype(int), 0))
    p = m.predict_proba(x)
    said = m.predict(x)
    return dict(
        n=n, d=d, k=k, c=c, x=rounded(x), y=y.ravel().tolist(), weights=rounded(w),
        coef=rounded([e.coef_[0] for e in m.estimators_]), intercept=rounded([e.intercept_[0] for e in m.estimators_]),
        loss=float(np.mean([log_loss(y[:, i], p[:, i]) for i in range(k)])), micro_f1=float(f1_score(y, said, average="micro")),
        macro_f1=float(f1_score(y, said, average="macro")), exact=float((y == said).all(1).mean()))


def pca(seed, n, d, keep):
    r = np.random.default_rng(seed)
    x = (r.normal(size=(n, d)) @ r.normal(size=(d, d)) * np.linspace(0.5, 3, d) + r.normal(size=d)).astype(np.float32)
    z = (x - x.mean(0)) / x.std(0)
    m = PCA(keep, svd_solver="full").fit(z)
    t = m.transform(z)
    signs = np.sign(m.components_[np.arange(keep), np.abs(m.components_).argmax(1)])
    t = t * signs
    t /= np.sqrt((t ** 2).sum() / ((n - 1) * keep))
    return dict(n=n, d=d, keep=keep, x=rounded(x), explained=float(m.explained_variance_ratio_.sum()), projected=rounded(t))


json.dump(dict(
    heads=[head(1, 60, 5, 3, 0.03, 1.0), head(2, 120, 8, 4, 1.0, 0.7), head(3, 40, 12, 2, 0.3, 0.4)],
    sets=[sets(6, 80, 6, 4, 0.3, False), sets(7, 60, 10, 3, 3.0, True)],
    pca=[pca(4, 80, 10, 4), pca(5, 30, 20, 20)],
    clopper_pearson=[
        dict(k=k, n=n, lower=float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0, upper=float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0)
        for k, n in [(0, 10), (1, 10), (5, 10), (10, 10), (170, 200), (999, 1000), (3, 5000)]],
    mcnemar=[dict(first=a, second=b, p=float(binom.sf(a - 1, a + b, 0.5))) for a, b in [(0, 0), (1, 0), (5, 1), (10, 3), (3, 10), (40, 25)]],
), sys.stdout)
