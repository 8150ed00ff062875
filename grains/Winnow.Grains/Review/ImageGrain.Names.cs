using System.Globalization;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// In whose names a decision is. A name may be another class's by now: what a person said is read by the version of the label schema that
/// they had before them, and what nobody can tell is refused rather than taken for the wrong class.
/// </summary>
internal sealed partial class ImageGrain
{
    /// <summary>The version that a decision says, or its lease; null where neither does.</summary>
    private int? SpokenUnder(SubmitDecision command) =>
        command.Schema ?? LeaseOf(command)?.Schema;

    // What was read last: a decision is judged in several steps, and each asks for its lease.
    private (string? Text, Lease? Lease) _read;

    /// <summary>What the lease of a decision says; null where it has none, or one that this cluster did not give.</summary>
    private Lease? LeaseOf(SubmitDecision command)
    {
        if (command.Lease is not { } text) return null;
        if (!ReferenceEquals(_read.Text, text)) _read = (text, _leases.TryRead(text, out var lease) ? lease : null);
        return _read.Lease;
    }

    /// <summary>The same decision in the names of the newest schema.</summary>
    private SubmitDecision InNewestNames(SubmitDecision command)
    {
        var said = command.Decision.Annotations;
        if (SpokenUnder(command) is not { } version || version < 1 || version >= _dataset.Schema.Number
            || said is null || said.Any(a => a?.Class is null)) return command;
        var mapped = Map.Map(said, version).Annotations;
        return ReferenceEquals(mapped, said) ? command : command with { Decision = command.Decision with { Annotations = mapped } };
    }

    /// <summary>Why nobody can tell which classes a decision names; null when it is clear.</summary>
    private SubmitRefusal? CannotBeRead(SubmitDecision command)
    {
        var newest = _dataset.Schema.Number;
        if (command.Schema is { } told && (told < 1 || told > newest))
            return new SubmitRefusal(SubmitStatus.Refused, string.Create(
                CultureInfo.InvariantCulture, $"schema must be a version of the label schema, 1 to {newest}, not {told}."));
        if (SpokenUnder(command) is not null) return null;
        var seen = _said.Count == 0 ? 1 : _said[^1].Schema ?? 1;
        return Map.Reused(command.Decision.Annotations, seen) is { } name
            ? new SubmitRefusal(SubmitStatus.Refused, string.Create(CultureInfo.InvariantCulture,
                $"Class {ShownText.Quote(name)} is another class in version {newest} of the label schema than it was in version {seen}. "
                + $"Say by which version you mean it ('schema': {newest} for the newest)."))
            : null;
    }
}
