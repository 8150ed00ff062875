using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Grains.Backup;

/// <summary>
/// Which images the rounds of a backup chose, held against its rows: a round asks about images that it chose and about no others, and every
/// image that it chose is there, since images are never lost and the state is read before the rows.
/// </summary>
internal sealed class SelectedImages
{
    private readonly Dictionary<ImageId, List<int>> _rounds = [];
    private readonly Dictionary<(string Arm, int Round), int> _numbers = [];
    private readonly HashSet<ImageId> _unseen = [];
    private readonly bool _auditDrawn;

    public SelectedImages(BackupControl control)
    {
        _auditDrawn = control.Dataset.Learning.AuditDrawn;
        for (var i = 0; i < control.Rounds.Count; i++)
        {
            if (control.Rounds[i] is not { Selected.Count: > 0 } round) continue;
            _numbers[(control.Dataset.Rounds[i].Arm, control.Dataset.Rounds[i].Number)] = i;
            foreach (var chosen in round.Selected)
            {
                if (!_rounds.TryGetValue(chosen.Image, out var rounds)) _rounds[chosen.Image] = rounds = new List<int>(1);
                rounds.Add(i);
                _unseen.Add(chosen.Image);
            }
        }
    }

    /// <summary>
    /// Whether there is a round that asks, or for the audit sample one that was drawn. Policies and schemas ask without any.
    /// </summary>
    public bool Asks(string arm, int round) => arm switch
    {
        Arms.Audit => _auditDrawn,
        _ when Arms.IsWithoutRounds(arm) => true,
        _ => _numbers.ContainsKey((arm, round)),
    };

    /// <summary>Whether a round asks about an image.</summary>
    public bool Asks(string arm, int round, ImageId image) =>
        !Arms.IsOfRounds(arm) || (_rounds.TryGetValue(image, out var rounds) && rounds.Contains(_numbers[(arm, round)]));

    /// <summary>The image is there.</summary>
    public void Seen(ImageId image) => _unseen.Remove(image);

    /// <summary>An image that was chosen and is not there; null where all are.</summary>
    public ImageId? Missing => _unseen.Count == 0 ? null : _unseen.First();
}
