// as: node/quorum

package quorum // want package-comment
