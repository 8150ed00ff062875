using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>
/// The grants of one scope, with the latest changes to them. What is no sound grant opens nothing: the whole state is then set aside.
/// </summary>
public sealed class AccessState : IStoredState
{
    public List<AccessGrant> Grants { get; set; } = [];

    /// <summary>Appended only; the oldest fall off.</summary>
    public List<AccessChange> Changes { get; set; } = [];

    public long LastChange { get; set; }

    public string? Check() =>
        MemberRules.Each("grants", Grants, g => MemberRules.Word("role", g.Role) ?? MemberRules.Word("state", g.State)
            ?? (g.Principal is null ? "principal is missing." : null))
        ?? MemberRules.Each("changes", Changes, c => MemberRules.Word("act", c.Act))
        ?? MemberRules.Number("lastChange", LastChange, 0, long.MaxValue - 1);
}
