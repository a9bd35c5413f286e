package rest

// What two persons decide about an account.

func (a *api) approveInvitation(o order, _ nothing) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	return deed{}, a.Sessions.Approve(o.ctx, o.origin(), o.id("id"))
}

func (a *api) refuseInvitation(o order, _ nothing) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	return deed{}, a.Sessions.Refuse(o.ctx, o.origin(), o.id("id"))
}

func (a *api) resetFactors(o order, _ nothing) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	_, err := a.Sessions.ResetFactors(o.ctx, o.origin(), o.id("id"))
	return deed{}, err
}

func (a *api) keepFactors(o order, _ nothing) (deed, error) {
	if _, err := a.manage(o.actor, o.id("id")); err != nil {
		return deed{}, err
	}
	return deed{}, a.Sessions.KeepFactors(o.ctx, o.origin(), o.id("id"))
}
