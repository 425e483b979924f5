"""The sharing as a library: lines and cars in, limits with reasons out.

    from evdesk.balance import Demand, Line, Rules, Sharing

    sharing = Sharing([Line("Main", limit_a=63.0, coef={("A", 1): 1, ("B", 1): 1})], Rules())
    limits = sharing.decide(now, [Demand(("A", 1)), Demand(("B", 1), drawn_a=(12.0, None, None))])
    amps, why = limits["A", 1]

Call it as often as you like, every second or every quarter of an hour; with the same calls it gives the same answers.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evdesk.balance.fit import Fit, Reals
from evdesk.balance.lines import Net
from evdesk.balance.optimum import NoSolver, Optimum, Program
from evdesk.balance.outlook import Ahead, History, Told, spans
from evdesk.balance.repair import Bid, Repair, choose, fill
from evdesk.balance.types import Demand, Key, Line
from evdesk.model import Why, WhyCode

FIRST_S = 300.0
ENDS_S = (2100.0, 5700.0, 12900.0, 29100.0, 54300.0)
FADE = 0.2
WORTHS = ((0.5, 1.25), (0.3, 1.1), (0.2, 1.0))
STAY_WORTH = 0.15

@dataclass(frozen=True, slots=True)
class Rules:
    steps: tuple[float, ...] | None = ()
    interruptions: int | None = 1
    dwell_s: float = 300.0
    start_from: float = 0.5
    stay_from: float = 0.02
    sticky: float = 0.15
    worths: tuple = WORTHS
    fade: float = FADE
    refine: bool = True
    leftover: bool = True
    lock: float = 0.0
    spare: float = 1.0
    kappa: float=0.3
    scale: float=6.0
    eff: bool=True
    ends: tuple = ENDS_S

@dataclass(slots=True)
class Guest:
    plugged_at: float
    seen_at: float
    got_kwh: float = 0.0
    limit: float = 0.0
    told: Told = Told(None, None, None)
    pauses: int = 0
    turned_at: float = -math.inf
    cap: float = math.inf

class Sharing:
    def __init__(self, lines, rules=Rules(), solver=True):
        self.rules=rules; self.lines=tuple(lines); self.keys=tuple(sorted({k for l in self.lines for k in l.coef}))
        self.net=Net(self.lines,self.keys); self.fit=Fit(self.net); self.history=History(); self.guests={}
        self.limits=self.fit.limits([l.limit_a for l in self.lines])
    def decide(self, now, demands):
        r=self.rules
        here={d.key:d for d in demands if d.wants}
        for key in [k for k in self.guests if k not in here]:
            g=self.guests.pop(key); self.history.ended(g.plugged_at,g.seen_at+300,g.got_kwh,g.told,True)
        bids=[];ds=[];gs=[]
        for key,d in sorted(here.items()):
            g=self.guests.get(key)
            if g is None: g=self.guests[key]=Guest(d.plugged_at if d.plugged_at is not None else now,now)
            g.told=Told(d.departure_at,d.needs_kwh,d.trust)
            drawn=max((a for a in d.drawn_a if a is not None),default=None)
            if d.got_kwh is not None: g.got_kwh=d.got_kwh
            g.seen_at=now
            if g.limit>0 and drawn is not None:
                if drawn<g.limit-0.5-(r.spare if g.cap<math.inf else 0.0): g.cap=drawn+r.spare
                elif drawn>=g.limit-0.3 and g.cap<math.inf: g.cap=g.cap+2
            top=min(d.ceiling_a,g.cap if r.steps is None else max(math.ceil(g.cap-1e-6) if g.cap<99 else 99,d.min_a))
            dw=now-g.turned_at<r.dwell_s
            keep=g.limit>0 and (dw or (r.interruptions is not None and g.pauses>=r.interruptions))
            mn=d.min_a if r.steps is not None else 0.0
            bids.append(Bid(self.net.index[key],mn,top,g.limit,keep and r.steps is not None,not dw,g.turned_at if g.limit>0 else g.plugged_at,r.steps)); ds.append(d); gs.append(g)
        if not bids: return {}
        amps=self.share(now,bids,ds,gs)
        out={}
        for b,d,g in zip(bids,ds,gs):
            a=float(amps[b.index])
            if (a>0)!=(g.limit>0):
                g.turned_at=now
                if a==0: g.pauses+=1
            g.limit=a; out[d.key]=(a,None)
        return out
    def share(self,now,bids,ds,gs):
        r=self.rules
        e=spans(FIRST_S,r.ends); B=len(e)-1; n=len(bids)
        ahead=[self.history.ahead(now,g.plugged_at,g.got_kwh,g.told,e) for g in gs]
        stays=np.array([a.stays for a in ahead]); left=np.array([a.left_kwh for a in ahead]); whole=np.array([a.whole_kwh for a in ahead])
        got=np.array([g.got_kwh for g in gs]); kw=np.array([d.kw_per_a for d in ds])
        stays[:,0]=1.0; present=np.array([a.present for a in ahead]); present[:,0]=1.0; stays=np.minimum(stays,present)
        needs=np.zeros((n,len(r.worths)));worth=np.zeros_like(needs);used=got.copy()
        for j,(f,w) in enumerate(r.worths):
            seg=whole*f;take=np.minimum(seg,used);used-=take;needs[:,j]=seg-take;worth[:,j]=w
        hours=(e[1:]-e[:-1])/3600
        tops=np.array([b.top_a for b in bids]); mins=np.array([b.min_a for b in bids])
        can=np.array([b.able for b in bids]); on=np.array([b.on for b in bids]); keep=np.array([b.keep for b in bids])
        know=np.array([self.history.trust(g.told)[1] for g in gs])
        need_a=np.where(know>0.6,left/(kw*hours[0]),999.)
        top=np.where(can,np.minimum(tops,np.maximum(need_a,mins)),0.0)
        if r.steps==(): top=np.where(top<tops,np.ceil(top-1e-6),top)
        needs[:,-1]+=np.maximum(0,top*kw*hours[0]-needs.sum(1))  # the minimum may be above the need
        low=np.where(keep&on,np.minimum(mins,top),0.0)
        st=np.array([self.history.trust(g.told)[0] for g in gs]); bonus=np.where(on,r.sticky,0.0)+(1-st)*r.kappa*np.exp(-got/r.scale)
        cap=np.array([g.cap for g in gs]); yields=np.clip(cap/np.maximum(top,1e-9),0.05,1.0) if r.eff else np.ones(n)
        fade=1-r.fade*np.arange(B)/(B-1)
        p=Program([b.index for b in bids],low,top,tops,hours,stays,kw,needs,worth,bonus,fade,present,yields)
        rep=Repair(self.fit,self.limits,np.zeros(len(self.keys)))
        o=Optimum(self.fit,self.limits,p)
        wish,val=o.solve()
        chosen=choose(rep,bids,wish,r.start_from,r.stay_from)
        if r.refine and r.steps is not None:
            c=np.array(chosen); o.bound(np.where(c,mins,0.0),np.where(c,top,0.0)); 
            try: wish,val=o.solve()
            except NoSolver: pass
        capped=[replace(b,top_a=float(t)) if t>=b.min_a else b for b,t in zip(bids,top)]
        fill(rep,capped,chosen,wish,val)
        if r.leftover:
            rest=[k for k in range(n) if not chosen[k] and capped[k].able and top[k]>0]
            for k in sorted(rest,key=lambda k:(not bids[k].on,-worth[k]@needs[k],bids[k].index)):
                if rep.start(capped[k]): rep.rise(capped[k],capped[k].top_a)
        return rep.amps
