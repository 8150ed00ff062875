using Winnow.Model.Images;

namespace Winnow.Grains.Images;

/// <summary>
/// Which rows have a machine decision that stands where people leave room for one, and of which kind. A byte for each row of a page of
/// 1,024 in which any has one, and nothing for the others; the labels are in the ledger.
/// </summary>
internal sealed class MachineKinds
{
    private const int PageBits = 10;
    private const int PageMask = (1 << PageBits) - 1;

    private byte[]?[] _pages = [];

    /// <summary>Of which kind a row has one; null where it has none.</summary>
    public MachineKind? Of(int row)
    {
        var page = row >> PageBits;
        if (page >= _pages.Length || _pages[page] is not { } kinds) return null;
        var kind = kinds[row & PageMask];
        return kind == 0 ? null : (MachineKind)(kind - 1);
    }

    /// <summary>Says of which kind a row has one.</summary>
    public void Set(int row, MachineKind? kind)
    {
        var page = row >> PageBits;
        if (page >= _pages.Length)
        {
            if (kind is null) return;
            Array.Resize(ref _pages, page + 1);
        }
        if (_pages[page] is null && kind is null) return;
        (_pages[page] ??= new byte[1 << PageBits])[row & PageMask] = kind is { } known ? (byte)((byte)known + 1) : (byte)0;
    }
}
